# Part of the Makefile: where the program of the report and its SQL are installed. They stand side by side; the directory of
# the server's programs gets a link, unless datadir= says that the server is not to be touched.

share := $(datadir)/$(EXTENSION)
link := $(if $(filter command,$(firstword $(origin datadir))),,$(bindir)/enablement-report)

install: install-report
install-report:
	$(MKDIR_P) '$(DESTDIR)$(share)' $(if $(link),'$(DESTDIR)$(bindir)')
	$(INSTALL_DATA) $(wildcard $(srcdir)/report/*.sql) '$(DESTDIR)$(share)/'
	$(INSTALL_SCRIPT) '$(srcdir)/report/enablement-report' '$(DESTDIR)$(share)/'
	$(if $(link),ln -sf '$(share)/enablement-report' '$(DESTDIR)$(link)')

uninstall: uninstall-report
uninstall-report:
	rm -rf '$(DESTDIR)$(share)' $(if $(link),'$(DESTDIR)$(link)')
