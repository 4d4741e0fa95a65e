# What a module-assistant tarball's debian/rules may expect of $(MA_DIR)/include/common-rules.make: the targets that build
# its package out of the three that it has to have itself, kdist_clean, kdist_config and binary-modules.

.NOTPARALLEL:

ma-rules = $(ROOT_CMD) $(MAKE) -f debian/rules

# What kdist_clean removes is made again, so that comes in a make of its own.
kdist_build:
	$(ma-rules) kdist_clean
	$(ma-rules) kdist_config binary-modules

kdist_image: kdist_build
	$(ma-rules) kdist_clean

kdist: kdist_build genchanges
	$(ma-rules) kdist_clean

.PHONY: kdist_build kdist_image kdist kdist_config kdist_configure kdist_clean
