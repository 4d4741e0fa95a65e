// SPDX-License-Identifier: MIT
#include <linux/module.h>
#include "lender.h"

int mago_lend(void)
{
	return 42;
}
EXPORT_SYMBOL_GPL(mago_lend);

MODULE_DESCRIPTION("Exports a symbol for borrower");
MODULE_AUTHOR("mago");
MODULE_LICENSE("Dual MIT/GPL");
MODULE_VERSION("1.0");
