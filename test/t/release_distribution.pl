# What a release is described by: META.json by the rules of the PGXN Meta Spec 1.0.0,
# and the versions that the other files give.
use lib 'test/lib';
use Suite qw(:serverless);

use File::Temp qw(tempdir);
use JSON::PP;

sub content
{
	open my $in, '<:encoding(UTF-8)', $_[0] or die "$_[0]: $!";
	local $/;
	return <$in>;
}

my $meta = eval { decode_json(content('META.json')) };
is($@, '', 'META.json is JSON') or BAIL_OUT('META.json');

# "Data Types" of the specification
my $semver = qr/^(?:0|[1-9]\d*)\.(?:0|[1-9]\d*)\.(?:0|[1-9]\d*)(?:-[A-Za-z][0-9A-Za-z-]*)?$/;
my $term = qr/^[^\s\/\\\p{Cntrl}]{2,}$/;
my $tag = qr/^[^\/\\\p{Cntrl}]{1,255}$/;
sub is_text { return defined $_[0] && !ref $_[0] && length $_[0] }

my %keys = map { $_ => 1 } qw(abstract maintainer license provides name version meta-spec
  description generated_by no_index prereqs release_status resources tags);
is_deeply([ grep { !$keys{$_} && !/^x_/i } sort keys %$meta ], [], 'no key that the specification does not know');
ok(is_text($meta->{$_}), "$_ is there") for qw(abstract maintainer name version);
like($meta->{name}, $term, 'the name is a term');
like($meta->{version}, $semver, 'the version is a semantic version');
is($meta->{license}, 'postgresql', 'the licence is one of the names for licences');
like(content('LICENSE'), qr/^PostgreSQL License\n/, 'and it is the one of LICENSE');
is($meta->{'meta-spec'}{version}, '1.0.0', 'the version of the specification');
like($meta->{'meta-spec'}{url}, qr{^https?://pgxn\.org/meta/spec\.txt$}, 'and where it is');
like($meta->{release_status}, qr/^(?:stable|testing|unstable)$/, 'the release status is one of three');
is(ref $meta->{tags}, 'ARRAY', 'tags are a list');
like($_, $tag, "tag $_") for @{ $meta->{tags} };
for my $phase (sort keys %{ $meta->{prereqs} })
{
	like($phase, qr/^(?:configure|build|test|runtime|develop)$/, "phase $phase");
	for my $relation (sort keys %{ $meta->{prereqs}{$phase} })
	{
		like($relation, qr/^(?:requires|recommends|suggests|conflicts)$/, "relation $relation");
		while (my ($what, $version) = each %{ $meta->{prereqs}{$phase}{$relation} })
		{
			like($what, $term, "prerequisite $what");
			like($version, qr/^0$|$semver/, "$what: version $version");
		}
	}
}

# what it provides is what there is
is_deeply([ keys %{ $meta->{provides} } ], [ $meta->{name} ], 'one extension is provided');
my $provided = $meta->{provides}{ $meta->{name} };
like($provided->{version}, $semver, 'with a semantic version');
is($provided->{version}, $meta->{version}, 'which is that of the distribution');
ok(-f ($provided->{docfile} // ''), 'its documentation is there');
my ($control) = content("$meta->{name}.control") =~ /^default_version = '([^']+)'/m;
is($control . ($control =~ /\..*\./ ? '' : '.0'), $meta->{version}, 'the control file installs that version');
like($provided->{file}, qr{(?:^|/)\Q$meta->{name}\E--\Q$control\E\.sql$}, 'and that file');
like(content('CHANGELOG.md'), qr/^## \Q$control\E\b/m, 'CHANGELOG.md has that version');
like(content('debian/changelog'), qr/\A\S+ \(\Q$meta->{version}\E-\d+\)/, 'the Debian package has that version');

# The archive that test/dist makes, in a repository of its own, holds what META.json names.
SKIP:
{
	skip 'git is not here', 3 if system('git --version >/dev/null 2>&1') != 0;
	my $copy = tempdir(CLEANUP => 1);
	my $git = 'git -c user.name=test -c user.email=test@localhost -c safe.directory=* -c core.hooksPath=/dev/null';
	my @parts = qw(META.json Makefile README.md enablement_metrics.control src test);
	is(system("cp -r @parts $copy && cd $copy && $git init -q . && $git add -A src/sql META.json Makefile README.md enablement_metrics.control test/common.sh test/dist && $git commit -qm release && test/dist >dist.log 2>&1"),
		0, 'test/dist makes an archive') or diag(`cat $copy/dist.log`);
	my $archive = "$copy/$meta->{name}-$meta->{version}.zip";
	open my $in, '<:raw', $archive or die "$archive: $!";
	my $bytes = do { local $/; <$in> };
	close $in;
	cmp_ok(index($bytes, "$meta->{name}-$meta->{version}/$provided->{$_}"), '>=', 0, "which holds the $_ that META.json names") for qw(file docfile);
}
done_testing();
