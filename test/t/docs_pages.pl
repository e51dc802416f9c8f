# Runs README.md and every page of doc/: each ```sql block must run, and psql must print what the ```text block that
# follows next shows, errors with their hints included; without such a block it must print nothing. And every link between
# the pages must lead somewhere.
#
# A page is one psql session in a database of its own, with the extension and the generated CRM of the demo (schema crm)
# in it. Three HTML comments change that:
#
#	<!-- starts empty -->				the page brings the extension itself, and needs no data
#	<!-- run by test/t/NAME.pl -->	the page is run by that test, which gives it a server of its own kind
#	<!-- not run: the reason -->		the block that follows is only looked at

use lib 'test/lib';
use Suite qw(:serverless server no_server);

my @pages = ('README.md', sort glob 'doc/*.md');

# The blocks of a page: language, line, text, and the reason not to run it.
sub blocks
{
	my ($page) = @_;
	my (@blocks, $reason);
	open my $in, '<', $page or die "$page: $!";
	while (my $line = <$in>)
	{
		$reason = $1 if $line =~ /^<!-- not run: (.+) -->$/;
		next unless $line =~ /^```(\w+)\s*$/;
		my $block = { language => $1, where => "$page line $.", text => '', reason => $reason };
		while (defined($line = <$in>) && $line !~ /^```\s*$/)
		{
			$block->{text} .= $line;
		}
		push @blocks, $block;
		$reason = undef if $block->{language} eq 'sql';
	}
	close $in;
	return @blocks;
}

sub tidy
{
	my ($text) = @_;
	$text =~ s/[ \t]+$//mg;
	$text =~ s/\A\s*\n|\s+\z//g;
	return $text;
}

# A heading as the anchor that a Markdown reader makes of it.
sub anchor
{
	my $heading = lc shift;
	$heading =~ s/\[([^]]*)\]\([^)]*\)/$1/g;
	$heading =~ s/[^\w\- ]//g;
	$heading =~ tr/ /-/;
	return $heading;
}

my (%anchors, @links);
for my $page (@pages)
{
	my $fenced = 0;
	open my $in, '<:encoding(UTF-8)', $page or die "$page: $!";
	while (my $line = <$in>)
	{
		$fenced = !$fenced if $line =~ /^```/;
		next if $fenced;
		$anchors{$page}{ anchor($1) } = 1 if $line =~ /^#+ (.+?)\s*$/;
		$line =~ s/`[^`]*`//g;
		push @links, [ "$page line $.", $page, $1 ] while $line =~ /\]\(([^)\s]+)\)/g;
	}
	close $in;
}
my (%used, @dead);
for my $link (@links)
{
	my ($where, $page, $target) = @$link;
	next if $target =~ /^https?:/;
	my ($file, $anchor) = $target =~ /^([^#]*)(?:#(.*))?$/;
	$file = $file eq '' ? $page : $page =~ m{^(.*/)} ? "$1$file" : $file;
	1 while $file =~ s{[^/]+/\.\./}{};
	$used{$file} = 1;
	push @dead, "$where: $target"
	  if !-e $file || defined $anchor && $anchors{$file} && !$anchors{$file}{$anchor};
}
is("@dead", '', 'no link is dead');
is(join(' ', grep { m{^doc/} && !$used{$_} } @pages), '', 'a link leads to every page');

SKIP:
{
	skip no_server(), 1 if defined no_server();

	my $node = server('pages', generated => 'with_data', extension => 0);
	local $ENV{PGTZ} = 'America/New_York';		# a page that shows instants or counts days says which zone it means
	local $ENV{PGDATESTYLE} = 'ISO, YMD';

	# What psql prints, errors among it, reading a script from its standard input.
	my $run = sub {
		my ($database, $script, @options) = @_;
		my $out = '';
		IPC::Run::run([ 'psql', '-Xq', @options, '-d', $node->connstr($database) ], '<', \$script, '>&', \$out);
		return $out;
	};

	for my $page (@pages)
	{
		my @blocks = blocks($page);
		my @sql = grep { $_->{language} eq 'sql' } @blocks;
		next unless @sql;
		(my $database = $page) =~ s/\W+/_/g;
		my $text = PostgreSQL::Test::Utils::slurp_file($page);
		if ($text =~ /^<!-- run by (\S+) -->$/m)
		{
			like(-e $1 ? PostgreSQL::Test::Utils::slurp_file($1) : '', qr/\Q$page\E/, "$page is run by $1");
			next;
		}
		my $empty = $text =~ /^<!-- starts empty -->$/m;
		$node->safe_psql('postgres', qq(CREATE DATABASE "$database" TEMPLATE ) . ($empty ? 'template0' : 'with_data STRATEGY file_copy'));

		my $script = '';
		for my $i (0 .. $#blocks)
		{
			my $block = $blocks[$i];
			next unless $block->{language} eq 'sql' && !defined $block->{reason};
			my $next = $blocks[ $i + 1 ];
			$block->{expected} = $next && $next->{language} eq 'text' ? $next->{text} : '';
			$script .= "\\echo -- $block->{where}\n$block->{text}\n";
		}
		my %printed = ('', split /^-- (\S+ line \d+)\n/m, $run->($database, $script));
		for my $block (@sql)
		{
			SKIP:
			{
				skip "$block->{where}: $block->{reason}", 1 if defined $block->{reason};
				is(tidy($printed{ $block->{where} } // 'nothing: did not get there'),
					tidy($block->{expected}), "$block->{where} prints what it shows");
			}
		}
	}
	$node->stop;
}
done_testing();
