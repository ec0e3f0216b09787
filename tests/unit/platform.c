// SPDX-License-Identifier: GPL-2.0
/* The fake platform: RAM, CPU and SEAMCALL. TD life cycle helpers are in driver.c. */
#define _GNU_SOURCE
#include "platform.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

static _Thread_local bool in_background;

bool when_locked(const void *lock)
{
	return __atomic_load_n((const int32_t *)lock, __ATOMIC_SEQ_CST) != 0;
}

bool when_entry_locked(const void *entry)
{
	return __atomic_load_n((const uint64_t *)entry, __ATOMIC_SEQ_CST) & SEPT_LOCK;
}

/* Every callback passes here: the place where a second thread can be held. */
static void maybe_stop(struct plat *p)
{
	if (!in_background || !p->when || !p->when(p->when_arg))
		return;
	pthread_mutex_lock(&p->lock);
	p->when = NULL;
	p->stopped = true;
	pthread_cond_broadcast(&p->cond);
	while (!p->go)
		pthread_cond_wait(&p->cond, &p->lock);
	pthread_mutex_unlock(&p->lock);
}

/* ---- struct tdx_ops --------------------------------------------------------- */

static void *ram(void *opaque, uint64_t pa)
{
	struct plat *p = opaque;

	maybe_stop(p);
	return pa < PLAT_RAM ? p->ram + pa : NULL;
}

static bool random_bytes(void *opaque, void *buf, size_t len)
{
	struct plat *p = opaque;

	maybe_stop(p);
	memset(buf, p->entropy ? p->entropy : 0x5a, len);
	return !p->no_entropy;
}

static uint64_t tsc(void *opaque, unsigned int lp)
{
	struct plat *p = opaque;

	(void)lp;
	maybe_stop(p);
	return __atomic_add_fetch(&p->tsc, 1000, __ATOMIC_RELAXED);
}

/* A CPU with one core of two threads, x2APIC and XSAVE; what the model does not ask for reads 0. */
static void cpuid(void *opaque, uint32_t leaf, uint32_t subleaf, uint32_t out[4])
{
	static const struct {
		uint32_t leaf, subleaf, reg[4];
	} values[] = {
		{ 0x0, 0, { 0x23, 0x756e6547, 0x6c65746e, 0x49656e69 } },
		{ 0x1, 0, { 0x000806f8, 0x00800800, 0x7ffefbff, 0xbfebfbff } },
		{ 0x7, 0, { 2, 0xf3bfb7ef, 0x1b417f7e, 0xbfdd4432 } },
		{ 0x1f, 0, { 1, 2, 0x100, 0 } },
		{ 0x1f, 1, { 6, 4, 0x201, 0 } },
		{ 0x1f, 2, { 0, 0, 2, 0 } },
		{ 0x1f, 3, { 0, 0, 3, 0 } },
		{ 0x1f, 4, { 0, 0, 4, 0 } },
		{ 0x1f, 5, { 0, 0, 5, 0 } },
		{ 0x80000000, 0, { 0x80000008, 0, 0, 0 } },
		{ 0x80000001, 0, { 0, 0, 0x121, 0x2c100800 } },
		{ 0x80000008, 0, { 0x3934, 0x200, 0, 0 } },
	};

	maybe_stop(opaque);
	memset(out, 0, 4 * sizeof(out[0]));
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
		if (values[i].leaf == leaf && values[i].subleaf == subleaf)
			memcpy(out, values[i].reg, sizeof(values[i].reg));
}

static void flush_td(void *opaque, unsigned int lp)
{
	struct plat *p = opaque;

	(void)lp;
	maybe_stop(p);
	__atomic_add_fetch(&p->flushes, 1, __ATOMIC_RELAXED);
}

static void page_owned(void *opaque, uint64_t pa, uint64_t len, bool owned)
{
	struct plat *p = opaque;

	maybe_stop(p);
	for (uint64_t n = pa / PAGE; n < (pa + len) / PAGE; n++) {
		if (p->owned[n] == owned)	/* ownership strictly alternates */
			abort();
		p->owned[n] = owned;
	}
}

static bool iommu_tdx(void *opaque, uint64_t base)
{
	maybe_stop(opaque);
	return base == PLAT_IOMMU;
}

static void stream(void *opaque, unsigned int nr, bool open)
{
	struct plat *p = opaque;

	maybe_stop(p);
	if ((p->streams >> nr & 1) == open)	/* only changes are told */
		abort();
	p->streams ^= 1ULL << nr;
	p->stream_changes++;
}

static void trace(void *opaque, const struct tdx_trace_event *ev)
{
	struct plat *p = opaque;

	pthread_mutex_lock(&p->lock);
	p->traced[ev->kind]++;
	p->last_trace = *ev;
	pthread_mutex_unlock(&p->lock);
}

static const struct tdx_ops ops = {
	.ram = ram, .random = random_bytes, .tsc = tsc, .cpuid = cpuid, .flush_td = flush_td,
	.page_owned = page_owned, .iommu_tdx = iommu_tdx, .stream = stream, .trace = trace,
};

/* ---- the platform ----------------------------------------------------------- */

static void *map_sparse(size_t size)
{
	void *mem = mmap(NULL, size, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	assert_ptr_not_equal(mem, MAP_FAILED);
	return mem;
}

struct plat *plat_new(void)
{
	struct plat *p = calloc(1, sizeof(*p));
	void *mem;

	p->pf = (struct tdx_platform) {
		.nr_lps = 4, .mktme_keyids = 0, .tdx_keyids = PLAT_KEYIDS, .pa_bits = PLAT_PA_BITS,
		.tsc_khz = 2000000, .cpuid_1_eax = 0x000806f8, .la57 = true, .native_xfam = 0x602e7,
		.nr_cmrs = 2,
		.cmr = { { MiB, GiB - MiB }, { GiB, 2 * GiB } },
	};
	p->ram = map_sparse(PLAT_RAM);
	p->owned = map_sparse(PLAT_RAM / PAGE);
	p->next_page = PLAT_TDMR;
	pthread_mutex_init(&p->lock, NULL);
	pthread_cond_init(&p->cond, NULL);
	mem = aligned_alloc(16, (tdx_module_size() + 15) & ~15UL);
	p->m = tdx_module_init(mem, &p->pf, &ops, p);
	return p;
}

void plat_free(struct plat *p)
{
	munmap(p->ram, PLAT_RAM);
	munmap(p->owned, PLAT_RAM / PAGE);
	free(p->m);
	free(p);
}

uint64_t sc_raw(struct plat *p, uint64_t rax, uint64_t rcx, uint64_t rdx, uint64_t r8, uint64_t r9)
{
	enum tdx_seam_action action;

	/* What a leaf does not define must come back: recognisable values everywhere else. */
	for (unsigned int i = 0; i < TDX_NR_GPRS; i++)
		p->g.r[i] = 0xdead000000000000 | i;
	p->g.r[TDX_RAX] = rax;
	p->g.r[TDX_RCX] = rcx;
	p->g.r[TDX_RDX] = rdx;
	p->g.r[TDX_R8] = r8;
	p->g.r[TDX_R9] = r9;
	action = tdx_seamcall(p->m, p->lp, &p->g, &p->enter);
	if (action == TDX_SEAM_ENTER)
		return TDX_SUCCESS;
	assert_int_equal(action, TDX_SEAM_RETURN);
	if ((rax & TDX_LEAF_MASK) != TDH_VP_ENTER)
		for (unsigned int i = TDX_RBX; i <= TDX_RDI; i++)
			assert_int_equal(p->g.r[i], 0xdead000000000000 | i);
	return p->g.r[TDX_RAX];
}

uint64_t page_new(struct plat *p)
{
	uint64_t pa = p->next_page;

	p->next_page += PAGE;
	if (p->next_page == PLAT_TDMR + PLAT_RESERVED)
		p->next_page += 2 * MiB;
	return pa;
}

/* ---- bring-up of the module ------------------------------------------------- */

void plat_sys_init(struct plat *p)
{
	expect_ok(sc1(p, SYS_INIT, 0));
	for (p->lp = 0; p->lp < p->pf.nr_lps; p->lp++)
		expect_ok(sc1(p, SYS_LP_INIT, 0));
	p->lp = 0;
}

/* Array of PAs at PLAT_HOST, TDMR_INFO structures 512 bytes apart in the page after it. */
void plat_write_tdmrs(struct plat *p)
{
	uint64_t *array = page_ptr(p, PLAT_HOST), pamt = PLAT_PAMT;

	for (unsigned int i = 0; i < PLAT_NR_TDMRS; i++) {
		uint64_t pa = PLAT_HOST + PAGE + i * 512, *info = page_ptr(p, pa);

		array[i] = pa;
		memset(info, 0, 512);
		info[0] = PLAT_TDMR + i * GiB;
		info[1] = GiB;
		info[6] = pamt;			/* 4K */
		info[7] = 4 * MiB;
		info[4] = pamt + 4 * MiB;	/* 2M */
		info[5] = 2 * PAGE;
		info[2] = pamt + 4 * MiB + 2 * PAGE;	/* 1G */
		info[3] = PAGE;
		info[8] = PLAT_RESERVED;
		info[9] = 2 * MiB;
		pamt += 5 * MiB;
	}
}

uint64_t plat_sys_config(struct plat *p)
{
	return sc3(p, SYS_CONFIG, PLAT_HOST, PLAT_NR_TDMRS, GLOBAL_HKID);
}

void plat_tdmrs_init(struct plat *p)
{
	for (unsigned int i = 0; i < PLAT_NR_TDMRS; i++) {
		uint64_t base = PLAT_TDMR + i * GiB;

		do
			expect_ok(sc1(p, SYS_TDMR_INIT, base));
		while (p->g.r[TDX_RDX] < base + GiB);
	}
}

void plat_sys_up(struct plat *p)
{
	plat_sys_init(p);
	plat_write_tdmrs(p);
	expect_ok(plat_sys_config(p));
	expect_ok(sc1(p, SYS_KEY_CONFIG, 0));
}

struct plat *plat_ready(void)
{
	struct plat *p = plat_new();

	plat_sys_up(p);
	plat_tdmrs_init(p);
	return p;
}

/* ---- statuses --------------------------------------------------------------- */

const char *status_name(uint64_t status)
{
#define NAME(name, hi) case hi: return #name;
	switch (TDX_STATUS_HI(status)) {
	TDX_STATUSES(NAME)
	TDX_CONNECT_STATUSES(NAME)
	}
#undef NAME
	return "?";
}

void expect_status_at(uint64_t got, uint64_t want, const char *func, int line)
{
	if (got == want)
		return;
	print_error("%s:%d: got %s|%#x, expected %s|%#x\n", func, line, status_name(got),
		    (uint32_t)got, status_name(want), (uint32_t)want);
	fail();
}

/* ---- two threads ------------------------------------------------------------ */

static void *bg_main(void *arg)
{
	struct bg *bg = arg;

	in_background = true;
	bg->run(bg);
	pthread_mutex_lock(&bg->p->lock);
	bg->done = true;
	pthread_cond_broadcast(&bg->p->cond);
	pthread_mutex_unlock(&bg->p->lock);
	return NULL;
}

void bg_start(struct bg *bg, plat_when when, const void *arg)
{
	struct plat *p = bg->p;

	p->when = when;
	p->when_arg = arg;
	p->stopped = p->go = bg->done = false;
	assert_int_equal(pthread_create(&bg->thread, NULL, bg_main, bg), 0);
	pthread_mutex_lock(&p->lock);
	while (!p->stopped && !bg->done)
		pthread_cond_wait(&p->cond, &p->lock);
	pthread_mutex_unlock(&p->lock);
	/* It must be inside the leaf, or the test proves nothing. */
	assert_true(p->stopped);
}

static void bg_seamcall(struct bg *bg)
{
	struct tdx_enter enter;

	tdx_seamcall(bg->p->m, bg->lp, &bg->g, &enter);
}

void bg_call(struct bg *bg, struct plat *p, plat_when when, const void *arg, uint64_t rax,
	     uint64_t rcx, uint64_t rdx, uint64_t r8, uint64_t r9)
{
	*bg = (struct bg) { .p = p, .lp = 1, .run = bg_seamcall };
	bg->g.r[TDX_RAX] = rax;
	bg->g.r[TDX_RCX] = rcx;
	bg->g.r[TDX_RDX] = rdx;
	bg->g.r[TDX_R8] = r8;
	bg->g.r[TDX_R9] = r9;
	bg_start(bg, when, arg);
}

uint64_t bg_finish(struct bg *bg)
{
	pthread_mutex_lock(&bg->p->lock);
	bg->p->go = true;
	pthread_cond_broadcast(&bg->p->cond);
	pthread_mutex_unlock(&bg->p->lock);
	pthread_join(bg->thread, NULL);
	return bg->g.r[TDX_RAX];
}
