// SPDX-License-Identifier: GPL-2.0
/*
 * Metadata fields (fact sheet 3): one engine for the access rules, one table per context. Each row
 * says who may read and write which bits; get and set functions exist only where a field is not
 * plain memory.
 */
#include "guest.h"

#define ALL		(~0ULL)
#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

#define MODULE_MAJOR	1
#define MODULE_MINOR	5
#define MODULE_UPDATE	6

/* Without SYS.UPDATE no handoff data exists; bit 1 (TD_PRESERVING) stays 0. */
#define FEATURES0							\
	(TDX_FEATURES0_VP_RDWR | TDX_FEATURES0_RELAXED_CONCURRENCY |	\
	 TDX_FEATURES0_TD_ENTRY_ENH | TDX_FEATURES0_HOST_PRIORITY_LOCKS | \
	 TDX_FEATURES0_PENDING_EPT_VIOLATION_V2 | TDX_FEATURES0_NO_RBP_MOD | \
	 TDX_FEATURES0_TOPOLOGY_ENUM | TDX_FEATURES0_CPUID2_VIRT | TDX_FEATURES0_VE_REDUCTION | \
	 TDX_FEATURES0_CONNECT)

static bool same_field(uint64_t a, uint64_t b)
{
	return !((a ^ b) & TDX_FIELD_KEY_MASK);
}

/* ---- platform fields: constants and CPUID_CONFIG --------------------------------------------- */

uint64_t tdx_attributes_fixed0(const struct tdx_module *m)
{
	/* Of the bits a 1.5 module offers, only this one changes what the model does. */
	return TDX_ATTR_SEPT_VE_DISABLE;
}

uint64_t tdx_xfam_fixed0(const struct tdx_module *m)
{
	return (m->platform.native_xfam & 0x6dbe7) | TDX_XFAM_FIXED1;
}

static uint64_t get_max_vcpus(const struct tdx_module *m, unsigned int i)
{
	return TDX_MAX_VCPUS;
}

static uint64_t get_attributes_fixed0(const struct tdx_module *m, unsigned int i)
{
	return tdx_attributes_fixed0(m);
}

static uint64_t get_xfam_fixed0(const struct tdx_module *m, unsigned int i)
{
	return tdx_xfam_fixed0(m);
}

static uint64_t get_config_leaf(const struct tdx_module *m, unsigned int i)
{
	uint32_t leaf, subleaf, mask[4];

	tdx_cpuid_config(i, &leaf, &subleaf, mask);
	return leaf | (uint64_t)subleaf << 32;
}

static uint64_t get_config_value(const struct tdx_module *m, unsigned int i)
{
	uint32_t leaf, subleaf, mask[4];

	tdx_cpuid_config(i / 2, &leaf, &subleaf, mask);
	return mask[i % 2 * 2] | (uint64_t)mask[i % 2 * 2 + 1] << 32;
}

/* @count consecutive codes; the value is @value, or @get's answer for the element. */
static const struct sys_field {
	uint64_t id;
	unsigned int count;
	uint64_t value;
	uint64_t (*get)(const struct tdx_module *m, unsigned int element);
} sys_fields[] = {
	{ TDX_FIELD_MINOR_VERSION, 1, MODULE_MINOR, NULL },
	{ TDX_FIELD_MAJOR_VERSION, 1, MODULE_MAJOR, NULL },
	{ TDX_FIELD_UPDATE_VERSION, 1, MODULE_UPDATE, NULL },
	{ TDX_FIELD_FEATURES0, 1, FEATURES0, NULL },
	{ TDX_FIELD_ATTRIBUTES_FIXED0, 1, 0, get_attributes_fixed0 },
	{ TDX_FIELD_ATTRIBUTES_FIXED1, 1, TDX_ATTRIBUTES_FIXED1, NULL },
	{ TDX_FIELD_XFAM_FIXED0, 1, 0, get_xfam_fixed0 },
	{ TDX_FIELD_XFAM_FIXED1, 1, TDX_XFAM_FIXED1, NULL },
	{ TDX_FIELD_MAX_TDMRS, 1, TDX_MAX_TDMRS, NULL },
	{ TDX_FIELD_MAX_RESERVED, 1, TDX_MAX_RESERVED, NULL },
	{ TDX_FIELD_PAMT_4K_ENTRY, 1, sizeof(struct tdx_pamt), NULL },
	{ TDX_FIELD_PAMT_2M_ENTRY, 1, sizeof(struct tdx_pamt), NULL },
	{ TDX_FIELD_PAMT_1G_ENTRY, 1, sizeof(struct tdx_pamt), NULL },
	{ TDX_FIELD_TDR_BASE_SIZE, 1, 4096, NULL },
	{ TDX_FIELD_TDCS_BASE_SIZE, 1, TDX_TDCS_PAGES * 4096, NULL },
	{ TDX_FIELD_TDVPS_BASE_SIZE, 1, TDX_TDVPS_PAGES * 4096, NULL },
	{ TDX_FIELD_NUM_CPUID_CONFIG, 1, TDX_NR_CPUID_CONFIG, NULL },
	{ TDX_FIELD_MAX_VCPUS, 1, 0, get_max_vcpus },
	{ TDX_FIELD_CPUID_CONFIG_LEAVES, TDX_NR_CPUID_CONFIG, 0, get_config_leaf },
	{ TDX_FIELD_CPUID_CONFIG_VALUES, 2 * TDX_NR_CPUID_CONFIG, 0, get_config_value },
	{ TDX_FIELD_IDE_MT_PAGES, 1, TDX_IDE_MT_PAGES, NULL },
	{ TDX_FIELD_SPDM_MT_PAGES, 1, TDX_SPDM_MT_PAGES, NULL },
	{ TDX_FIELD_IOMMU_MT_PAGES, 1, TDX_IOMMU_MT_PAGES, NULL },
	{ TDX_FIELD_SPDM_DEV_INFO_PAGES, 1, TDX_SPDM_DEV_INFO_PAGES, NULL },
	/* EXT.INIT and EXT.MEM.ADD are not offered (C 7). */
	{ TDX_FIELD_EXT_POOL_PAGES, 1, 0, NULL },
	{ TDX_FIELD_EXT_REQUIRED, 1, 0, NULL },
};

static uint64_t sys_next(unsigned int row, unsigned int element)
{
	if (element + 1 < sys_fields[row].count)
		return sys_fields[row].id + element + 1;
	return row + 1 < ARRAY_SIZE(sys_fields) ? sys_fields[row + 1].id : TDX_FIELD_NULL;
}

uint64_t tdx_md_sys_rd(struct tdx_module *m, uint64_t field, uint64_t *value, uint64_t *next)
{
	*value = 0;
	*next = TDX_FIELD_NULL;
	if (field == TDX_FIELD_NULL) {
		*next = sys_fields[0].id;
		return TDX_STATUS(METADATA_FIRST_FIELD_ID_IN_CONTEXT, 0);
	}
	if (field & TDX_FIELD_MBZ)
		return TDX_STATUS(METADATA_FIELD_ID_INCORRECT, 0);
	for (unsigned int i = 0; i < ARRAY_SIZE(sys_fields); i++) {
		const struct sys_field *f = &sys_fields[i];
		uint64_t element = (field & TDX_FIELD_CODE_MASK) - (f->id & TDX_FIELD_CODE_MASK);

		if (element >= f->count || !same_field(field - element, f->id))
			continue;
		*value = f->get ? f->get(m, (unsigned int)element) : f->value;
		*next = sys_next(i, (unsigned int)element);
		return TDX_SUCCESS;
	}
	return TDX_STATUS(METADATA_FIELD_ID_INCORRECT, 0);
}

/* ---- TD and vCPU fields ---------------------------------------------------------------------- */

/* Bits of a field that one caller may read and write. */
struct access {
	uint64_t rd, wr;
};

/*
 * @obj is the struct tdx_td or struct tdx_vcpu; a field is @size bytes at @offset unless get
 * computes it. check() may refuse a merged value or complete it.
 */
struct field {
	uint64_t id;
	struct access host, guest;
	uint16_t offset;
	uint8_t size;
	uint64_t (*get)(const void *obj);
	uint64_t (*check)(const struct tdx_module *m, const void *obj, uint64_t old, uint64_t *new);
};

static uint64_t load(const struct field *f, const void *obj)
{
	const char *p = (const char *)obj + f->offset;

	if (f->get)
		return f->get(obj);
	switch (f->size) {
	case 1:
		return __atomic_load_n((const uint8_t *)p, __ATOMIC_RELAXED);
	case 4:
		return __atomic_load_n((const uint32_t *)p, __ATOMIC_RELAXED);
	default:
		return __atomic_load_n((const uint64_t *)p, __ATOMIC_RELAXED);
	}
}

/* False: another vCPU changed the field meanwhile. */
static bool replace(const struct field *f, void *obj, uint64_t old, uint64_t new)
{
	char *p = (char *)obj + f->offset;
	uint32_t old4 = (uint32_t)old;
	uint8_t old1 = (uint8_t)old;

	switch (f->size) {
	case 1:
		return __atomic_compare_exchange_n((uint8_t *)p, &old1, (uint8_t)new, false,
						   __ATOMIC_SEQ_CST, __ATOMIC_RELAXED);
	case 4:
		return __atomic_compare_exchange_n((uint32_t *)p, &old4, (uint32_t)new, false,
						   __ATOMIC_SEQ_CST, __ATOMIC_RELAXED);
	default:
		return __atomic_compare_exchange_n((uint64_t *)p, &old, new, false,
						   __ATOMIC_SEQ_CST, __ATOMIC_RELAXED);
	}
}

static const struct field *lookup(const struct field *fields, size_t n, uint64_t id)
{
	if (id & TDX_FIELD_MBZ)
		return NULL;
	for (size_t i = 0; i < n; i++)
		if (same_field(fields[i].id, id))
			return &fields[i];
	return NULL;
}

static uint64_t field_rd(const struct field *f, const struct access *a, const void *obj,
			 uint64_t *value)
{
	*value = 0;
	if (!f)
		return TDX_STATUS(METADATA_FIELD_ID_INCORRECT, 0);
	if (!a->rd)
		return TDX_STATUS(METADATA_FIELD_NOT_READABLE, 0);
	*value = load(f, obj) & a->rd;
	return TDX_SUCCESS;
}

static uint64_t field_wr(const struct tdx_module *m, const struct field *f, const struct access *a,
			 void *obj, uint64_t value, uint64_t mask, uint64_t *old)
{
	uint64_t raw, current, new, status;

	*old = 0;
	if (!f)
		return TDX_STATUS(METADATA_FIELD_ID_INCORRECT, 0);
	if (!(a->wr & mask))
		return TDX_STATUS(METADATA_FIELD_NOT_WRITABLE, 0);
	raw = load(f, obj);
	current = raw & a->rd;
	if ((value ^ current) & mask & ~a->wr)
		return TDX_STATUS(METADATA_FIELD_VALUE_NOT_VALID, 0);
	mask &= a->wr;
	new = (current & ~mask) | (value & mask);
	status = f->check ? f->check(m, obj, current, &new) : TDX_SUCCESS;
	if (status)
		return status;
	if (!replace(f, obj, raw, new))
		return TDX_STATUS(OPERAND_BUSY, TDX_OP_METADATA);
	*old = current;
	return TDX_SUCCESS;
}

static uint64_t not_valid(bool bad)
{
	return bad ? TDX_STATUS(METADATA_FIELD_VALUE_NOT_VALID, 0) : TDX_SUCCESS;
}

/* 3.4, the TD_CTLS rules in the order the sheet gives. */
static uint64_t check_td_ctls(const struct tdx_module *m, const void *obj, uint64_t old,
			      uint64_t *new)
{
	const uint64_t known = TDX_CTLS_PENDING_VE_DISABLE | TDX_CTLS_ENUM_TOPOLOGY |
			       TDX_CTLS_VIRT_CPUID2 | TDX_CTLS_REDUCE_VE | TDX_CTLS_LOCK;
	const struct tdx_td *td = obj;

	if (old & TDX_CTLS_LOCK)
		return not_valid(*new != old);
	if (((old ^ *new) & TDX_CTLS_PENDING_VE_DISABLE) &&
	    !(td->config_flags & TDX_CONFIG_FLEXIBLE_PENDING_VE))
		return not_valid(true);
	if (*new & TDX_CTLS_REDUCE_VE)
		*new |= TDX_CTLS_ENUM_TOPOLOGY | TDX_CTLS_VIRT_CPUID2;
	if ((*new & TDX_CTLS_ENUM_TOPOLOGY) && !td->topology_enum_configured)
		return not_valid(true);
	return not_valid(*new & ~known);
}

static uint64_t check_paravirt(const struct tdx_module *m, const void *obj, uint64_t old,
			       uint64_t *new)
{
	const struct tdx_td *td = obj;

	return not_valid(tdx_td_is(td, TDX_CTLS_LOCK) && *new != old);
}

static uint64_t get_topology_configured(const void *obj)
{
	return ((const struct tdx_td *)obj)->topology_enum_configured;
}

/* Who may do what with which bits: the host's access, then the guest's. */
#define HOST_RO(bits)	{ bits, 0 }, { 0, 0 }
#define HOST_RW(bits)	{ bits, bits }, { 0, 0 }
#define GUEST_RO(bits)	{ 0, 0 }, { bits, 0 }
#define GUEST_RW(bits)	{ 0, 0 }, { bits, bits }

#define IN(type, member)	offsetof(type, member), sizeof(((type *)0)->member)
#define TD(member)		IN(struct tdx_td, member)
#define VCPU(member)		IN(struct tdx_vcpu, member)
#define COMPUTED		0, 0

#define PARAVIRT_BITS	(BIT64(NR_PARAVIRT) - 1)

static const struct field td_fields[] = {
	{ TDX_FIELD_TSC_OFFSET, HOST_RO(ALL), TD(tsc_offset), NULL, NULL },
	{ TDX_FIELD_TSC_MULTIPLIER, HOST_RO(ALL), TD(tsc_multiplier), NULL, NULL },
	{ TDX_FIELD_NOTIFY_ENABLES, GUEST_RW(1), TD(notify_enables), NULL, NULL },
	{ TDX_FIELD_CONFIG_FLAGS, GUEST_RO(ALL), TD(config_flags), NULL, NULL },
	{ TDX_FIELD_TD_CTLS, GUEST_RW(ALL), TD(td_ctls), NULL, check_td_ctls },
	{ TDX_FIELD_TOPOLOGY_ENUM_CONFIGURED, GUEST_RO(1), COMPUTED, get_topology_configured,
	  NULL },
	{ TDX_FIELD_FEATURE_PARAVIRT_CTRL, GUEST_RW(PARAVIRT_BITS), TD(feature_paravirt), NULL,
	  check_paravirt },
};

static uint64_t check_nv(const struct tdx_module *m, const void *obj, uint64_t old, uint64_t *new)
{
	return not_valid(*new > 0xff);
}

/* An address that the host may hand over: no private KeyID, inside the physical address space. */
static uint64_t check_shared_pa(const struct tdx_module *m, const void *obj, uint64_t old,
				uint64_t *new)
{
	uint64_t page = *new & ~0xfffULL;

	return not_valid(page >> m->platform.pa_bits > m->platform.mktme_keyids ||
			 tdx_pa_private(m, page & (BIT64(m->platform.pa_bits) - 1)));
}

static uint64_t check_pin_based(const struct tdx_module *m, const void *obj, uint64_t old,
				uint64_t *new)
{
	const struct tdx_vcpu *v = obj;

	if (!(*new & TDX_PIN_BASED_POSTED_INTR))
		return TDX_SUCCESS;
	if (v->notify_nv == 0xffff)
		return TDX_STATUS(TD_VMCS_FIELD_NOT_INITIALIZED, TDX_FIELD_POSTED_INTR_NV);
	if (v->pid_pa == ALL)
		return TDX_STATUS(TD_VMCS_FIELD_NOT_INITIALIZED, TDX_FIELD_POSTED_INTR_DESC);
	return TDX_SUCCESS;
}

static uint64_t get_state_details(const void *obj)
{
	return tdx_vapic_deliverable(obj) ? TDX_VCPU_STATE_INTR_PENDING : 0;
}

#define PID_BITS	0xffffffffffffffc0ULL
#define ROOT_BITS	0x000ffffffffff000ULL
#define SECONDARY_BITS	(TDX_SECONDARY_BUS_LOCK | TDX_SECONDARY_NOTIFY)

/*
 * Only the readable bits of a field survive a write, and every field's unreadable bits are zero but
 * for one: the descriptor's low six, which the initial -1 sets. So a 64-byte-aligned address may be
 * written over it.
 */
static const struct field vcpu_fields[] = {
	{ TDX_FIELD_POSTED_INTR_NV, HOST_RW(0xffff), VCPU(notify_nv), NULL, check_nv },
	{ TDX_FIELD_POSTED_INTR_DESC, HOST_RW(PID_BITS), VCPU(pid_pa), NULL, check_shared_pa },
	{ TDX_FIELD_SHARED_EPT_POINTER, HOST_RW(ROOT_BITS), VCPU(shared_eptp), NULL,
	  check_shared_pa },
	{ TDX_FIELD_PIN_BASED, HOST_RW(TDX_PIN_BASED_POSTED_INTR), VCPU(pin_based), NULL,
	  check_pin_based },
	{ TDX_FIELD_SECONDARY, HOST_RW(SECONDARY_BITS), VCPU(secondary), NULL, NULL },
	{ TDX_FIELD_NOTIFY_WINDOW, HOST_RW(0xffffffff), VCPU(notify_window), NULL, NULL },
	{ TDX_FIELD_PEND_NMI, HOST_RW(1), VCPU(pend_nmi), NULL, NULL },
	{ TDX_FIELD_VCPU_STATE_DETAILS, HOST_RO(ALL), COMPUTED, get_state_details, NULL },
};

static const struct field *td_field(uint64_t id)
{
	/*
	 * Two id lists disagree on bit 63 of class 11h, and its codes do not overlap: ignore the
	 * bit (3.4).
	 */
	if ((id & TDX_FIELD_CLASS_MASK) >> 56 == 0x11)
		for (size_t i = 0; i < ARRAY_SIZE(td_fields); i++)
			if (!(id & TDX_FIELD_MBZ) &&
			    same_field(td_fields[i].id & ~TDX_FIELD_NON_ARCH,
				       id & ~TDX_FIELD_NON_ARCH))
				return &td_fields[i];
	return lookup(td_fields, ARRAY_SIZE(td_fields), id);
}

uint64_t tdx_md_td_rd(struct tdx_module *m, struct tdx_td *td, uint64_t field, uint64_t *value)
{
	const struct field *f = td_field(field);
	const uint64_t any_code = field & ~TDX_FIELD_CODE_MASK;

	*value = 0;
	if (!(field & TDX_FIELD_MBZ) && same_field(any_code, TDX_FIELD_CPUID_VALUES))
		return tdx_cpuid_host_rd(td, (uint32_t)(field & TDX_FIELD_CODE_MASK), value);
	return field_rd(f, f ? &f->host : NULL, td, value);
}

/* The guest's walk: the field after @f that it may read, or the null id. */
static uint64_t guest_next(const struct field *f)
{
	while (++f < td_fields + ARRAY_SIZE(td_fields))
		if (f->guest.rd)
			return f->id;
	return TDX_FIELD_NULL;
}

uint64_t tdx_md_td_guest_rd(struct tdx_module *m, struct tdx_td *td, uint64_t field,
			    uint64_t *value, uint64_t *next)
{
	const struct field *f = td_field(field);

	*next = f ? guest_next(f) : TDX_FIELD_NULL;
	return field_rd(f, f ? &f->guest : NULL, td, value);
}

uint64_t tdx_md_td_guest_wr(struct tdx_module *m, struct tdx_td *td, uint64_t field, uint64_t value,
			    uint64_t mask, uint64_t *old)
{
	const struct field *f = td_field(field);

	return field_wr(m, f, f ? &f->guest : NULL, td, value, mask, old);
}

uint64_t tdx_md_vcpu_rd(struct tdx_module *m, struct tdx_vcpu *v, uint64_t field, uint64_t *value)
{
	const struct field *f = lookup(vcpu_fields, ARRAY_SIZE(vcpu_fields), field);

	return field_rd(f, f ? &f->host : NULL, v, value);
}

uint64_t tdx_md_vcpu_wr(struct tdx_module *m, struct tdx_vcpu *v, uint64_t field, uint64_t value,
			uint64_t mask, uint64_t *old)
{
	const struct field *f = lookup(vcpu_fields, ARRAY_SIZE(vcpu_fields), field);

	return field_wr(m, f, f ? &f->host : NULL, v, value, mask, old);
}

uint64_t tdx_md_vcpu_guest_rd(struct tdx_module *m, struct tdx_vcpu *v, uint64_t field,
			      uint64_t *value)
{
	const struct field *f = lookup(vcpu_fields, ARRAY_SIZE(vcpu_fields), field);

	return field_rd(f, f ? &f->guest : NULL, v, value);
}

uint64_t tdx_md_vcpu_guest_wr(struct tdx_module *m, struct tdx_vcpu *v, uint64_t field,
			      uint64_t value, uint64_t mask, uint64_t *old)
{
	const struct field *f = lookup(vcpu_fields, ARRAY_SIZE(vcpu_fields), field);

	return field_wr(m, f, f ? &f->guest : NULL, v, value, mask, old);
}
