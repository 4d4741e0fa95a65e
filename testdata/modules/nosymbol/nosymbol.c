// SPDX-License-Identifier: MIT
#include <linux/module.h>

int mago_symbol_that_no_kernel_exports(void);

static int __init nosymbol_init(void)
{
	return mago_symbol_that_no_kernel_exports();
}

module_init(nosymbol_init);
MODULE_DESCRIPTION("Compiles, but needs a symbol that nothing exports");
MODULE_LICENSE("Dual MIT/GPL");
