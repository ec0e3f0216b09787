// SPDX-License-Identifier: GPL-2.0
/*
 * Writes to port E9h what software can tell of a CPU: CPUID, MSRs, the bits that CR4 takes, and what
 * the instructions of VMX and SEAM do. One line per thing, with the CPU's number and its name, and
 * nothing that depends on time. CPUs take turns, by APIC ID; the last one ends the machine.
 */
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/format.h"
#include "dump.h"
#include "x86/insn.h"

#define PORT_CONSOLE	0xe9
#define PORT_EXIT	0xf4
#define EXIT_CODE	0x10		/* QEMU's exit code is twice that, plus 1 */
#define PORT_FW_CFG	0x510		/* 16-bit selector; bytes at the next port */
#define FW_CFG_NB_CPUS	5

#define APIC_ICR	0xfee00300
#define ICR_SIPI_OTHERS	0xc46f0		/* all but self, vector F0h */
#define APIC_BASE_EXTD	(1ULL << 10)

#define MSR_TSC		0x10
#define MSR_FEATURE_CONTROL 0x3a
#define MSR_VMX_BASIC	0x480
#define MSR_X2APIC	0x800
#define MSR_VM_HSAVE_PA	0xc0010117
#define NR_X2APIC	0x100
#define FEATURE_CONTROL_VMX 5		/* VMXON outside of SMX; locked */

#define SUBLEAVES	32
#define NO_EXCEPTION	(-1)

int attempt(void (*fn)(void *), void *arg);
extern const uint8_t stubs[NR_EXCEPTIONS][STUB_SIZE], host_save[];

struct gate {
	uint16_t offset_0, selector, flags, offset_16;
	uint32_t offset_32, reserved;
};

struct msr {
	uint32_t index;
	uint64_t value;
};

extern struct gate idt[NR_EXCEPTIONS];	/* start.S knows it */
struct gate idt[NR_EXCEPTIONS];
_Static_assert(sizeof(idt) == IDT_SIZE, "IDT");

static volatile uint32_t turn;
static uint32_t self;

static void outb(uint16_t port, uint8_t value)
{
	asm volatile("outb %0, %1" : : "a"(value), "d"(port) : "memory");
}

__attribute__((format(printf, 1, 2))) static void line(const char *format, ...)
{
	char text[128];
	va_list args;

	va_start(args, format);
	format_vtext(text, sizeof(text), format, args);
	va_end(args);
	for (const char *c = text; *c; c++)
		outb(PORT_CONSOLE, (uint8_t)*c);
	outb(PORT_CONSOLE, '\n');
}

static const char *exception(int vector)
{
	static const char names[NR_EXCEPTIONS + 1][9] = {
		"#DE", "#DB", "NMI", "#BP", "#OF", "#BR", "#UD", "#NM", "#DF", "9", "#TS", "#NP", "#SS",
		"#GP", "#PF", "15", "#MF", "#AC", "#MC", "#XM", "#VE", "#CP",
		[SVM_EXIT] = "SVM exit",
	};

	return vector == NO_EXCEPTION ? "ok" : names[vector];
}

static void load_idt(void)
{
	struct {
		uint16_t limit;
		uint64_t base;
	} __attribute__((packed)) pointer = { sizeof(idt) - 1, (uintptr_t)idt };

	for (unsigned int vector = 0; vector < NR_EXCEPTIONS; vector++) {
		uint64_t entry = (uintptr_t)stubs[vector];

		idt[vector] = (struct gate){
			.offset_0 = (uint16_t)entry,
			.selector = SEL_CODE64,
			.flags = 0x8e00,	/* present, interrupt gate */
			.offset_16 = (uint16_t)(entry >> 16),
			.offset_32 = (uint32_t)(entry >> 32),
		};
	}
	asm volatile("lidt %0" : : "m"(pointer));
}

/* A subleaf that equals the one before, and zeroes from the first one on, have no line. */
static void dump_leaves(uint32_t first, uint32_t count)
{
	for (uint32_t leaf = first; leaf < first + count; leaf++) {
		uint32_t old[4] = { 0 };

		for (uint32_t subleaf = 0; subleaf < SUBLEAVES; subleaf++) {
			uint32_t r[4];

			cpuid(leaf, subleaf, r);
			if (r[0] == old[0] && r[1] == old[1] && r[2] == old[2] && r[3] == old[3])
				continue;
			line("cpu %u cpuid %08x.%02x eax %08x ebx %08x ecx %08x edx %08x", self, leaf,
			     subleaf, r[0], r[1], r[2], r[3]);
			for (unsigned int i = 0; i < 4; i++)
				old[i] = r[i];
		}
	}
}

static void read_msr(void *arg)
{
	struct msr *msr = arg;

	msr->value = rdmsr(msr->index);
}

static void write_msr(void *arg)
{
	struct msr *msr = arg;

	wrmsr(msr->index, msr->value);
}

/* x2APIC registers act when they are written: EOI, ICR, SELF_IPI. */
static bool write_back(uint32_t index)
{
	return index - MSR_X2APIC >= NR_X2APIC;
}

/* What RDMSR gives, and whether WRMSR takes it back. An MSR that reads zero and takes it has no line. */
static void dump_msrs(const char *when, uint32_t first, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		struct msr msr = { .index = first + i };
		int read, written = NO_EXCEPTION;

		if (msr.index == MSR_TSC) {
			line("cpu %u msr %08x left out: it is the time", self, msr.index);
			continue;
		}
		read = attempt(read_msr, &msr);
		if (read == NO_EXCEPTION && write_back(msr.index))
			written = attempt(write_msr, &msr);
		if (read != NO_EXCEPTION)
			line("cpu %u %smsr %08x %s", self, when, msr.index, exception(read));
		else if (msr.value || written != NO_EXCEPTION)
			line("cpu %u %smsr %08x %016lx write %s", self, when, msr.index, msr.value,
			     exception(written));
	}
	line("cpu %u %smsr %08x to %08x done", self, when, first, first + count - 1);
}

static void set_cr4(void *arg)
{
	write_cr4(*(uint64_t *)arg);
}

static void set_cr3(void *arg)
{
	write_cr3(*(uint64_t *)arg);
}

/*
 * QEMU answers reserved bits in CR3 and CR4 not by #GP, but by an exit from an SVM guest, even if there
 * is none, or no SVM. The state that it loads then is ours; else it would meet the same instruction again,
 * for ever.
 */
static void dump_cr(void)
{
	uint64_t cr3 = read_cr3(), cr4 = read_cr4(), keep_tlb = cr3 | 1ULL << 63;
	uint64_t pcide = cr4 | CR4_PCIDE;
	struct msr host = { MSR_VM_HSAVE_PA, (uintptr_t)host_save };

	line("cpu %u host save area %s", self, exception(attempt(write_msr, &host)));
	line("cpu %u cr0 %08lx cr4 %08lx", self, read_cr0(), cr4);
	for (unsigned int bit = 0; bit < 64; bit++) {
		uint64_t wish = cr4 | 1ULL << bit;
		int vector = attempt(set_cr4, &wish);

		line("cpu %u cr4 bit %u %s%s", self, bit, exception(vector),
		     vector != NO_EXCEPTION ? "" : read_cr4() == wish ? " and kept" : " but dropped");
		if (vector == NO_EXCEPTION)
			write_cr4(cr4);
	}
	line("cpu %u cr3 bit 63 %s", self, exception(attempt(set_cr3, &keep_tlb)));
	if (attempt(set_cr4, &pcide) == NO_EXCEPTION)
		line("cpu %u cr3 bit 63 with PCIDs %s", self, exception(attempt(set_cr3, &keep_tlb)));
	write_cr4(cr4);
}

/* A page for VMXON, which is its operand as well: the first 8 bytes of @pointer are its address. */
static struct {
	uint32_t page[1024] __attribute__((aligned(4096)));
	uint64_t pointer[16] __attribute__((aligned(64)));
} vmx;

struct insn {
	const char *name;
	void (*fn)(void *flags);
};

/*
 * RDI is the operand, RAX and RCX are 1: a leaf, a type of INVEPT, a VMCS field. CF and ZF are
 * clear before; @flags is RFLAGS after.
 */
#define INSN(name, code)								\
	static void name(void *flags)							\
	{										\
		uint64_t a = 1, c = 1;							\
											\
		asm volatile("test %%rdi, %%rdi; " code "; pushfq; pop %0"			\
			     : "=m"(*(uint64_t *)flags), "+a"(a), "+c"(c)		\
			     : "D"(vmx.pointer)						\
			     : "rdx", "r8", "r9", "r10", "r11", "cc", "memory");	\
	}
INSN(vmxon, "vmxon (%%rdi)")
INSN(vmcall, "vmcall")
INSN(vmclear, "vmclear (%%rdi)")
INSN(vmptrld, "vmptrld (%%rdi)")
INSN(vmptrst, "vmptrst 64(%%rdi)")
INSN(vmread, "vmread %%rcx, %%rdx")
INSN(vmwrite, "vmwrite %%rcx, %%rdx")
INSN(vmlaunch, "vmlaunch")
INSN(vmresume, "vmresume")
INSN(vmfunc, "vmfunc")
INSN(invept, "invept (%%rdi), %%rcx")
INSN(invvpid, "invvpid (%%rdi), %%rcx")
INSN(tdcall, ".byte 0x66, 0x0f, 0x01, 0xcc")
INSN(seamret, ".byte 0x66, 0x0f, 0x01, 0xcd")
INSN(seamops, ".byte 0x66, 0x0f, 0x01, 0xce")
INSN(seamcall, ".byte 0x66, 0x0f, 0x01, 0xcf")
INSN(invpcid, "mov $2, %%ecx; invpcid 64(%%rdi), %%rcx")
INSN(movdiri, "movdiri %%ecx, 64(%%rdi)")
INSN(movdir64b, "lea 64(%%rdi), %%rcx; movdir64b 64(%%rdi), %%rcx")
INSN(vmxoff, "vmxoff")
#undef INSN

static void dump_insns(const char *when)
{
	/* VMXON first, VMXOFF last: what is between them meets VMX operation, where there is one. */
	static const struct insn insns[] = {
		{ "vmxon", vmxon }, { "vmcall", vmcall }, { "vmclear", vmclear },
		{ "vmptrld", vmptrld }, { "vmptrst", vmptrst }, { "vmread", vmread },
		{ "vmwrite", vmwrite }, { "vmlaunch", vmlaunch }, { "vmresume", vmresume },
		{ "vmfunc", vmfunc }, { "invept", invept }, { "invvpid", invvpid },
		{ "tdcall", tdcall }, { "seamret", seamret }, { "seamops", seamops },
		{ "seamcall", seamcall }, { "invpcid", invpcid }, { "movdiri", movdiri },
		{ "movdir64b", movdir64b }, { "vmxoff", vmxoff },
	};

	for (unsigned int i = 0; i < sizeof(insns) / sizeof(insns[0]); i++) {
		uint64_t flags = 0;
		int vector = attempt(insns[i].fn, &flags);

		if (vector == NO_EXCEPTION)
			line("cpu %u %s%s ok cf %lu zf %lu", self, when, insns[i].name, flags & 1,
			     flags >> 6 & 1);
		else
			line("cpu %u %s%s %s", self, when, insns[i].name, exception(vector));
	}
}

/* As firmware and a VMM prepare for VMXON, where the CPU lets them. */
static void dump_vmx(void)
{
	struct msr control = { MSR_FEATURE_CONTROL, FEATURE_CONTROL_VMX };
	struct msr basic = { .index = MSR_VMX_BASIC };
	uint64_t cr4 = read_cr4() | CR4_VMXE;

	attempt(read_msr, &basic);
	vmx.page[0] = (uint32_t)basic.value;
	vmx.pointer[0] = (uintptr_t)vmx.page;
	dump_insns("");
	line("cpu %u vmxe: feature control %s", self, exception(attempt(write_msr, &control)));
	line("cpu %u vmxe: cr4 %s", self, exception(attempt(set_cr4, &cr4)));
	dump_insns("vmxe: ");
}

static void dump_x2apic(void)
{
	struct msr base = { MSR_APIC_BASE, rdmsr(MSR_APIC_BASE) | APIC_BASE_EXTD };

	line("cpu %u x2apic: apic base %s", self, exception(attempt(write_msr, &base)));
	dump_msrs("x2apic: ", MSR_X2APIC, NR_X2APIC);
}

static uint32_t count_cpus(void)
{
	uint8_t low, high;

	asm volatile("outw %0, %1" : : "a"((uint16_t)FW_CFG_NB_CPUS), "d"((uint16_t)PORT_FW_CFG));
	asm volatile("inb %1, %0" : "=a"(low) : "d"((uint16_t)(PORT_FW_CFG + 1)));
	asm volatile("inb %1, %0" : "=a"(high) : "d"((uint16_t)(PORT_FW_CFG + 1)));
	return low | (uint32_t)high << 8;
}

/* @id: initial APIC ID. 0 is the boot CPU, and wakes the others before its APIC leaves xAPIC mode. */
void dump_main(uint32_t id);
void dump_main(uint32_t id)
{
	if (!id)
		*(volatile uint32_t *)APIC_ICR = ICR_SIPI_OTHERS;
	while (turn != id)
		cpu_relax();
	self = id;
	load_idt();

	dump_leaves(0, 0x40);
	dump_leaves(0x40000000, 0x20);
	dump_leaves(0x40000100, 0x10);
	dump_leaves(0x80000000, 0x40);
	dump_leaves(0xc0000000, 0x10);
	dump_msrs("", 0, 0x2000);
	dump_msrs("", 0x40000000, 0x200);
	dump_msrs("", 0x4b564d00, 0x100);
	dump_msrs("", 0xc0000000, 0x2000);
	dump_msrs("", 0xc0010000, 0x2000);
	dump_cr();
	dump_vmx();
	dump_x2apic();

	if (id + 1 == count_cpus()) {
		line("end");
		outb(PORT_EXIT, EXIT_CODE);
	}
	turn = id + 1;
	for (;;)
		cpu_relax();
}
