// SPDX-License-Identifier: MIT
#include <linux/module.h>

static int __init broken_init(void)
{
	return no_such_thing; /* line 6 does not compile, and tests say so */
}

module_init(broken_init);
MODULE_DESCRIPTION("Does not compile");
MODULE_LICENSE("Dual MIT/GPL");
