/*
 * boot.S - multiboot 1 header, a stack, and the step into C.
 *
 * The loader leaves 32-bit protected mode without paging: EAX holds its magic number, EBX the address of
 * its information.  Interrupts stay off; nothing here needs them.
 */
        .set MAGIC, 0x1BADB002
        .set FLAGS, 0x3                 /* pages aligned, memory map wanted */

        .section .multiboot, "a"
        .align 4
        .long MAGIC, FLAGS, -(MAGIC + FLAGS)

        .section .text.start, "ax"
        .globl _start
_start:
        cli
        cld
        mov $stack_top, %esp
        push %ebx
        call guest_main
1:      hlt
        jmp 1b

        .section .bss
        .align 16
        .skip 16384
stack_top:

        .section .note.GNU-stack, "", @progbits
