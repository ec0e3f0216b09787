// SPDX-License-Identifier: GPL-2.0
/* TDH.IOMMU.*: which VT-d units the module uses, and the pages they take (C 3.1). */
#include "seamcall.h"

#define LIST_INDEX_MASK		0x1ffULL
#define LIST_RESERVED							\
	(~TDX_HPA_LIST_PAGE & ~(LIST_INDEX_MASK << TDX_HPA_LIST_FIRST_SHIFT) &	\
	 ~(LIST_INDEX_MASK << TDX_HPA_LIST_LAST_SHIFT))
#define LIST_ENTRIES		(TDX_IOMMU_QUEUES + TDX_IOMMU_MT_PAGES)
#define NR_PAGES		(TDX_IOMMU_QUEUES * TDX_IOMMU_QUEUE_PAGES + TDX_IOMMU_MT_PAGES)
_Static_assert(NR_PAGES <= TDX_MAX_OBJECT_PAGES, "a unit's pages fit a donation");

/* The pages of HPA_LIST_INFO @info: the two queues' first, each entry with its count. */
static bool list_pages(const struct tdx_module *m, uint64_t info, uint64_t page[NR_PAGES])
{
	uint64_t first = info >> TDX_HPA_LIST_FIRST_SHIFT & LIST_INDEX_MASK;
	uint64_t last = info >> TDX_HPA_LIST_LAST_SHIFT;
	const uint64_t *list = tdx_shared_operand(m, info & TDX_HPA_LIST_PAGE, TDX_PAGE_SIZE);
	uint64_t entry[LIST_ENTRIES];
	unsigned int n = 0;

	if ((info & LIST_RESERVED) || last - first + 1 != LIST_ENTRIES || !list)
		return false;
	__builtin_memcpy(entry, list + first, sizeof(entry));
	for (unsigned int i = 0; i < LIST_ENTRIES; i++) {
		unsigned int count = 1;

		/* With another count the address is not aligned, and no page. */
		if (i < TDX_IOMMU_QUEUES) {
			count = TDX_IOMMU_QUEUE_PAGES;
			entry[i] -= count;
		}
		for (unsigned int k = 0; k < count; k++)
			page[n++] = entry[i] + k * TDX_PAGE_SIZE;
	}
	return true;
}

static bool any_spdm(const struct tdx_connect *k)
{
	for (unsigned int i = 0; i < TDX_MAX_SPDMS; i++)
		if (k->spdm[i].state != SPDM_FREE)
			return true;
	return false;
}

uint64_t tdh_iommu_setup(struct tdx_call *c)
{
	struct tdx_connect *k = &c->m->connect;
	uint64_t base = c->r[TDX_RCX], page[NR_PAGES], status;
	unsigned int id = TDX_MAX_IOMMUS;

	if (!tdx_call_lock(c, &k->object_lock, LOCK_EXCL))
		return TDX_STATUS(OPERAND_BUSY, TDX_OP_RCX);
	if (!c->m->ops->iommu_tdx(c->m->opaque, base))
		return TDX_STATUS(OPERAND_INVALID, TDX_OP_RCX);
	for (unsigned int i = TDX_MAX_IOMMUS; i-- > 0;) {
		if (!k->iommu[i].used)
			id = i;
		else if (k->iommu[i].reg_base == base)
			return TDX_STATUS(IOMMU_INVALID_STATE, TDX_OP_RCX);
	}
	if (id == TDX_MAX_IOMMUS)
		return TDX_STATUS(OPERAND_INVALID, TDX_OP_RCX);
	if (!list_pages(c->m, c->r[TDX_RDX], page))
		return TDX_STATUS(OPERAND_INVALID, TDX_OP_RDX);
	status = tdx_donate_pages(c, page, TDX_OP_RDX, NR_PAGES, PT_IOMMU_MT, &k->iommu[id].pages);
	if (status != TDX_SUCCESS)
		return status;
	k->iommu[id].reg_base = base;
	k->iommu[id].used = true;
	c->r[TDX_RCX] = id;
	return TDX_SUCCESS;
}

/* The list is SETUP's: the host frees from it, so it must name just the pages that come back. */
uint64_t tdh_iommu_clear(struct tdx_call *c)
{
	struct tdx_connect *k = &c->m->connect;
	uint64_t id = c->r[TDX_RCX], page[NR_PAGES], status;
	struct tdx_iommu *iommu;

	if (!tdx_call_lock(c, &k->object_lock, LOCK_EXCL))
		return TDX_STATUS(OPERAND_BUSY, TDX_OP_RCX);
	if (id >= TDX_MAX_IOMMUS || !k->iommu[id].used)
		return TDX_STATUS(OPERAND_INVALID, TDX_OP_RCX);
	iommu = &k->iommu[id];
	if (any_spdm(k))
		return TDX_STATUS(IOMMU_INVALID_STATE, TDX_OP_RCX);
	if (!list_pages(c->m, c->r[TDX_RDX], page) ||
	    __builtin_memcmp(page, iommu->pages.page, sizeof(page)))
		return TDX_STATUS(OPERAND_INVALID, TDX_OP_RDX);
	status = tdx_donation_lock(c, &iommu->pages, TDX_OP_RDX);
	if (status != TDX_SUCCESS)
		return status;
	tdx_donation_release(c, &iommu->pages);
	iommu->used = false;
	return TDX_SUCCESS;
}
