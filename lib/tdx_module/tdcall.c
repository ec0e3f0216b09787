// SPDX-License-Identifier: GPL-2.0
/*
 * TDCALL leaves (fact sheet 5.1). A leaf returns its status for RAX; one that leaves the TD, or
 * that must run again, fills the result itself and returns TDCALL_AGAIN. TDX Connect's are in
 * tdg_tdi.c.
 */
#include "guest.h"

#define INVALID(operand)	TDX_STATUS(OPERAND_INVALID, TDX_OP_##operand)

static unsigned int version_of(uint64_t rax)
{
	return rax >> TDX_LEAF_VERSION_SHIFT & TDX_LEAF_VERSION_MASK;
}

static uint64_t vp_vmcall(struct tdcall *c)
{
	uint64_t mask = c->gprs->r[TDX_RCX], reserved = TD_VMCALL_RESERVED;
	struct tdx_exit_info info = {
		.status_hi = TDX_HI_SUCCESS, .reason = TDX_EXIT_TDCALL, .kind = EXIT_TDVMCALL,
	};

	if (c->v->td->config_flags & TDX_CONFIG_NO_RBP_MOD)
		reserved |= TD_VMCALL_RBP;
	if (mask & reserved)
		return INVALID(RCX);
	tdx_td_exit(c->m, c->lp, c->v, c->gprs, &info, c->host, c->res);
	return TDCALL_AGAIN;
}

static uint64_t vp_info(struct tdcall *c)
{
	const struct tdx_td *td = c->v->td;

	c->gprs->r[TDX_RCX] = td->gpaw;
	c->gprs->r[TDX_RDX] = td->attributes;
	c->gprs->r[TDX_R8] = td->num_vcpus | (uint64_t)td->max_vcpus << 32;
	c->gprs->r[TDX_R9] = c->v->index;
	c->gprs->r[TDX_R10] = 1;	/* TDG.SYS.RD is there */
	return TDX_SUCCESS;
}

static uint64_t vp_veinfo_get(struct tdcall *c)
{
	const struct tdx_ve_info none = { 0 };
	bool valid = c->v->ve.valid;
	const struct tdx_ve_info *ve = valid ? &c->v->ve : &none;

	c->gprs->r[TDX_RCX] = ve->reason;
	c->gprs->r[TDX_RDX] = ve->qual;
	c->gprs->r[TDX_R8] = ve->gla;
	c->gprs->r[TDX_R9] = ve->gpa;
	c->gprs->r[TDX_R10] = ve->insn_len | (uint64_t)ve->insn_info << 32;
	c->v->ve.valid = false;
	return valid ? TDX_SUCCESS : TDX_STATUS(NO_VALID_VE_INFO, 0);
}

static uint64_t vp_cpuidve_set(struct tdcall *c)
{
	uint64_t flags = c->gprs->r[TDX_RCX];

	if (flags & ~(TD_CPUIDVE_SUPERVISOR | TD_CPUIDVE_USER))
		return INVALID(RCX);
	c->v->cpuidve_super = flags & TD_CPUIDVE_SUPERVISOR;
	c->v->cpuidve_user = flags & TD_CPUIDVE_USER;
	return TDX_SUCCESS;
}

static uint64_t mem_page_accept(struct tdcall *c)
{
	tdx_page_accept(c->m, c->lp, c->v, c->gprs, c->host, c->res);
	return TDCALL_AGAIN;
}

/* ---- measurement ----------------------------------------------------------------------------- */

/*
 * @gpa is aligned and inside the guest's address space; @private also demands a clear SHARED bit.
 */
static bool operand_gpa(const struct tdcall *c, uint64_t gpa, uint64_t align, bool private)
{
	unsigned int bits = c->v->td->gpaw - (private ? 1 : 0);

	return !(gpa & (align - 1)) && !(gpa >> bits);
}

/* False: the access became a TD exit or #VE; the TDCALL runs again afterwards. */
static bool copy_guest(struct tdcall *c, uint64_t gpa, void *buf, size_t len, bool write)
{
	struct tdx_event ev = {
		.kind = TDX_EV_EPT, .cpl = c->ev->cpl, .long_mode = true, .rip = c->ev->rip,
		.cr0 = c->ev->cr0, .cr4 = c->ev->cr4, .efer = c->ev->efer, .xcr0 = c->ev->xcr0,
	};

	if (tdx_guest_copy(c->m, c->lp, gpa, buf, len, write, &ev))
		return true;
	tdx_ept_event(c->m, c->lp, c->v, &ev, c->gprs, c->host, c->res);
	return false;
}

static uint64_t mr_rtmr_extend(struct tdcall *c)
{
	uint64_t gpa = c->gprs->r[TDX_RCX], index = c->gprs->r[TDX_RDX];
	struct tdx_td *td = c->v->td;
	uint8_t data[TDX_MR_SIZE];
	struct sha384 sha;

	if (!operand_gpa(c, gpa, 64, true))
		return INVALID(RCX);
	if (index > 3)
		return INVALID(RDX);
	if (!tdx_trylock_excl(&td->rtmr_lock))
		return TDX_STATUS(OPERAND_BUSY, TDX_OP_RTMR);
	if (!copy_guest(c, gpa, data, sizeof(data), false)) {
		tdx_unlock_excl(&td->rtmr_lock);
		return TDCALL_AGAIN;
	}
	sha384_init(&sha);
	sha384_update(&sha, td->rtmr[index], TDX_MR_SIZE);
	sha384_update(&sha, data, sizeof(data));
	sha384_final(&sha, td->rtmr[index]);
	tdx_unlock_excl(&td->rtmr_lock);
	return TDX_SUCCESS;
}

static void hash(const void *data, size_t len, uint8_t digest[SHA384_SIZE])
{
	struct sha384 sha;

	sha384_init(&sha);
	sha384_update(&sha, data, len);
	sha384_final(&sha, digest);
}

/*
 * Stands for the CPU's key. A report of the model proves nothing to anybody, for the key is public.
 * Hashing key and message is a MAC here only because half of the hash's state stays hidden.
 */
static void report_mac(struct td_report_mac *mac)
{
	static const uint8_t key[32] = "TDX module model, report MAC key";
	uint8_t digest[SHA384_SIZE];
	struct sha384 sha;

	sha384_init(&sha);
	sha384_update(&sha, key, sizeof(key));
	sha384_update(&sha, mac, offsetof(struct td_report_mac, mac));
	sha384_final(&sha, digest);
	__builtin_memcpy(mac->mac, digest, sizeof(mac->mac));
}

static void fill_report(const struct tdx_td *td, struct td_report *r)
{
	r->mac.type = TD_REPORT_TYPE_TDX;
	/* The value 1.5 modules report: all fields of theirs are filled. */
	r->tcb.valid = 0x301ff;
	r->info.attributes = td->attributes;
	r->info.xfam = td->xfam;
	__builtin_memcpy(r->info.mrtd, td->mrtd, TDX_MR_SIZE);
	__builtin_memcpy(r->info.mrconfigid, td->mrconfigid, TDX_MR_SIZE);
	__builtin_memcpy(r->info.mrowner, td->mrowner, TDX_MR_SIZE);
	__builtin_memcpy(r->info.mrownerconfig, td->mrownerconfig, TDX_MR_SIZE);
	__builtin_memcpy(r->info.rtmr, td->rtmr, sizeof(r->info.rtmr));
	hash(&r->tcb, sizeof(r->tcb), r->mac.tee_tcb_info_hash);
	hash(&r->info, sizeof(r->info), r->mac.tee_info_hash);
}

static uint64_t mr_report(struct tdcall *c)
{
	uint64_t report_gpa = c->gprs->r[TDX_RCX], data_gpa = c->gprs->r[TDX_RDX];
	struct tdx_td *td = c->v->td;
	struct td_report report = { 0 };

	if (!operand_gpa(c, report_gpa, TD_REPORT_SIZE, false))
		return INVALID(RCX);
	if (!operand_gpa(c, data_gpa, TD_REPORT_DATA_SIZE, false))
		return INVALID(RDX);
	if (c->gprs->r[TDX_R8])
		return INVALID(R8);
	if (!copy_guest(c, data_gpa, report.mac.report_data, TD_REPORT_DATA_SIZE, false))
		return TDCALL_AGAIN;
	if (!tdx_trylock_shared(&td->rtmr_lock))
		return TDX_STATUS(OPERAND_BUSY, TDX_OP_RTMR);
	fill_report(td, &report);
	tdx_unlock_shared(&td->rtmr_lock);
	report_mac(&report.mac);
	if (!copy_guest(c, report_gpa, &report, sizeof(report), true))
		return TDCALL_AGAIN;
	return TDX_SUCCESS;
}

/* ---- metadata -------------------------------------------------------------------------------- */

static uint64_t vm_rd(struct tdcall *c)
{
	uint64_t *r = c->gprs->r, next, value = 0, status;

	if (r[TDX_RCX])
		return INVALID(RCX);
	status = tdx_md_td_guest_rd(c->m, c->v->td, r[TDX_RDX], &value, &next);
	r[TDX_R8] = value;
	if (version_of(r[TDX_RAX]))
		r[TDX_RDX] = next;
	return status;
}

static uint64_t vm_wr(struct tdcall *c)
{
	uint64_t *r = c->gprs->r, old = 0, status;

	if (r[TDX_RCX])
		return INVALID(RCX);
	status = tdx_md_td_guest_wr(c->m, c->v->td, r[TDX_RDX], r[TDX_R8], r[TDX_R9], &old);
	r[TDX_R8] = old;
	return status;
}

static uint64_t vp_rd(struct tdcall *c)
{
	uint64_t *r = c->gprs->r, value = 0, status;

	if (r[TDX_RCX])
		return INVALID(RCX);
	status = tdx_md_vcpu_guest_rd(c->m, c->v, r[TDX_RDX], &value);
	r[TDX_R8] = value;
	return status;
}

static uint64_t vp_wr(struct tdcall *c)
{
	uint64_t *r = c->gprs->r, old = 0, status;

	if (r[TDX_RCX])
		return INVALID(RCX);
	status = tdx_md_vcpu_guest_wr(c->m, c->v, r[TDX_RDX], r[TDX_R8], r[TDX_R9], &old);
	r[TDX_R8] = old;
	return status;
}

static uint64_t sys_rd(struct tdcall *c)
{
	uint64_t *r = c->gprs->r, value = 0, next, status;

	status = tdx_md_sys_rd(c->m, r[TDX_RDX], &value, &next);
	r[TDX_R8] = value;
	r[TDX_RDX] = next;
	return status;
}

/* ---- dispatch -------------------------------------------------------------------------------- */

static const struct {
	uint64_t (*run)(struct tdcall *c);
	uint8_t max_version;
} leaves[] = {
	[TDG_VP_VMCALL] = { vp_vmcall, 0 },
	[TDG_VP_INFO] = { vp_info, 0 },
	[TDG_MR_RTMR_EXTEND] = { mr_rtmr_extend, 0 },
	[TDG_VP_VEINFO_GET] = { vp_veinfo_get, 0 },
	[TDG_MR_REPORT] = { mr_report, 0 },
	[TDG_VP_CPUIDVE_SET] = { vp_cpuidve_set, 0 },
	[TDG_MEM_PAGE_ACCEPT] = { mem_page_accept, 0 },
	[TDG_VM_RD] = { vm_rd, 1 },
	[TDG_VM_WR] = { vm_wr, 0 },
	[TDG_VP_RD] = { vp_rd, 0 },
	[TDG_VP_WR] = { vp_wr, 0 },
	[TDG_SYS_RD] = { sys_rd, 0 },
	[TDG_TDI_RD] = { tdg_tdi_rd, 0 },
	[TDG_TDI_START] = { tdg_tdi_start, 0 },
	[TDG_DMAR_ACCEPT] = { tdg_dmar_accept, 0 },
	[TDG_MMIO_ACCEPT] = { tdg_mmio_accept, 0 },
};

static uint64_t run(struct tdcall *c, uint64_t rax)
{
	uint64_t leaf = rax & TDX_LEAF_MASK;

	if ((rax & TDX_LEAF_RESERVED) || leaf >= sizeof(leaves) / sizeof(leaves[0]) ||
	    !leaves[leaf].run || version_of(rax) > leaves[leaf].max_version)
		return INVALID(RAX);
	/* As the host's leaves of a module that has Connect off (C 3; chosen). */
	if (leaf >= TDG_TDI_RD && !(c->v->td->config_flags & TDX_CONFIG_FLAG_CONNECT))
		return TDX_STATUS(CONNECT_INVALID_STATE, 0);
	return leaves[leaf].run(c);
}

void tdx_tdcall(struct tdx_module *m, unsigned int lp, struct tdx_vcpu *v,
		const struct tdx_event *ev, struct tdx_gprs *gprs, struct tdx_gprs *host,
		struct tdx_result *res)
{
	struct tdcall c = { m, lp, v, ev, gprs, host, res };
	uint64_t *r = gprs->r, rax = r[TDX_RAX], status;
	struct tdx_trace_event trace = {
		.kind = TDX_TRACE_TDCALL, .lp = (uint16_t)lp, .leaf = (uint16_t)rax,
		.version = (uint16_t)version_of(rax), .tdr = v->td->tdr_pa,
		.in = { r[TDX_RCX], r[TDX_RDX], r[TDX_R8], r[TDX_R9] },
	};

	if (!ev->long_mode || ev->cpl) {
		tdx_inject(res, TDX_VEC_GP);
		return;
	}
	m->tdcalls++;
	res->action = TDX_TD_NEXT;
	/*
	 * After this the vCPU may be gone: a leaf that leaves the TD has given it back to the host.
	 */
	status = run(&c, rax);
	if (status != TDCALL_AGAIN)
		r[TDX_RAX] = status;
	trace.out[0] = r[TDX_RCX];
	trace.out[1] = r[TDX_RDX];
	trace.out[2] = r[TDX_R8];
	trace.status = r[TDX_RAX];
	if (m->ops->trace)
		m->ops->trace(m->opaque, &trace);
}
