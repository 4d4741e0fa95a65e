/* SPDX-License-Identifier: MIT */
int mago_lend(void);
