// SPDX-License-Identifier: MIT
#include <linux/init.h>
#include <linux/module.h>
#include "lender.h"

static int __init borrower_init(void)
{
	pr_info("borrower: got %d\n", mago_lend());
	return 0;
}

static void __exit borrower_exit(void)
{
}

module_init(borrower_init);
module_exit(borrower_exit);

MODULE_DESCRIPTION("Uses a symbol of lender");
MODULE_AUTHOR("mago");
MODULE_LICENSE("Dual MIT/GPL");
MODULE_VERSION("1.0");
