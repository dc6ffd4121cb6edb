/*
 * vfork.S - vfork returns twice on one stack: a C wrapper's frame would be overwritten by the child before the parent
 * returns through it. So: note it, put everything back as it was, and jump.
 */
	.text
	.globl	vfork
	.type	vfork, @function
vfork:
	.cfi_startproc
	endbr64
	subq	$8, %rsp	/* calls need a stack aligned to 16 bytes */
	.cfi_adjust_cfa_offset 8
	call	vfork_begin
	call	vfork_real
	addq	$8, %rsp
	.cfi_adjust_cfa_offset -8
	jmp	*%rax
	.cfi_endproc
	.size	vfork, .-vfork

	.hidden	vfork_begin
	.hidden	vfork_real
	.section .note.GNU-stack, "", @progbits
