/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The few lines of a fiber switch that differ from one processor to the next; for fiber.c. */
#ifndef SKY_IO_SWITCH_H
#define SKY_IO_SWITCH_H

/**
 * context_make - lay out a stack that context_switch() can go to
 * @top:	end of the stack, aligned to 64 bytes
 * @self:	what fiber_main() is called with there
 *
 * Return: its stack pointer.
 */
void *context_make(void *top, void *self);

/**
 * context_switch - keep on this stack what a call has to keep, and go to another one
 * @save:	receives the stack pointer to come back to
 * @to:		the stack pointer to go to
 */
void context_switch(void **save, void *to);

/* Where each new stack begins; does not return. */
void fiber_main(void *self);

#endif /* SKY_IO_SWITCH_H */
