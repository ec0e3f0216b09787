/* SPDX-License-Identifier: GPL-2.0 */
/* The test device around its security manager: DOE mailbox, identity, what it asks for. */

#include "qemu/osdep.h"
#include "qemu/guest-random.h"
#include "qapi/error.h"
#include "hw/pci/pcie.h"
#include "device.h"

#define PAGE_BYTES          0x1000
#define TESTDEV_IDENTITY    "tdisp-testdev"

/* ---- what the security manager asks for ---------------------------------- */

static uint32_t op_func(void *opaque)
{
    return pci_get_bdf(opaque);
}

static bool op_random(void *opaque, uint8_t *bytes, size_t length)
{
    qemu_guest_getrandom_nofail(bytes, length);
    return true;
}

static bool op_enabled(void *opaque)
{
    uint16_t need = PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER;

    return (pci_get_word(PCI_DEVICE(opaque)->config + PCI_COMMAND) & need) == need;
}

static uint64_t op_bar_base(void *opaque, unsigned int bar)
{
    QEMU_BUILD_BUG_ON(PCI_BAR_UNMAPPED != DSM_BAR_UNSET);
    return pci_get_bar_addr(opaque, bar);
}

static size_t op_ide_registers(void *opaque, uint8_t *bytes, size_t cap)
{
    size_t n = MIN(cap, TDISP_IDE_SIZEOF);

    memcpy(bytes, PCI_DEVICE(opaque)->config + TESTDEV_IDE_OFFSET, n);
    return n;
}

/* What a TD left in the device must be gone when the host gets it back. */
static void op_state_changed(void *opaque, enum tdisp_state from, enum tdisp_state to)
{
    if (to == TDISP_CONFIG_UNLOCKED) {
        testdev_bars_reset(opaque);
    }
}

static const struct dsm_ops dsm_ops = {
    .func = op_func,
    .random = op_random,
    .enabled = op_enabled,
    .bar_base = op_bar_base,
    .ide_registers = op_ide_registers,
    .state_changed = op_state_changed,
};

/* ---- identity ------------------------------------------------------------ */

/* SPDM certificate chain: this, then certificates; ours is the identity itself. */
struct chain {
    uint16_t length, reserved;
    uint8_t root_hash[SHA384_SIZE];
    char certificate[];
} QEMU_PACKED;

/* SPDM measurement block 1 in DMTF form: a digest of mutable firmware. */
struct measurement {
    uint8_t index, specification;
    uint16_t length;
    uint8_t type;
    uint16_t value_bytes;
    uint8_t value[SHA384_SIZE];
} QEMU_PACKED;

static void identify(struct dsm_config *c, const char *identity)
{
    size_t len = strlen(identity);
    struct chain *chain = g_malloc0(sizeof(*chain) + len);
    struct measurement *m = g_new0(struct measurement, 1);
    struct sha384 hash;

    sha384_init(&hash);
    sha384_update(&hash, identity, len);
    sha384_final(&hash, m->value);

    chain->length = cpu_to_le16(sizeof(*chain) + len);
    memcpy(chain->root_hash, m->value, sizeof(chain->root_hash));
    memcpy(chain->certificate, identity, len);

    m->index = 1;
    m->specification = 1;
    m->length = cpu_to_le16(sizeof(*m) - offsetof(struct measurement, type));
    m->type = 1;
    m->value_bytes = cpu_to_le16(sizeof(m->value));

    c->chain = (uint8_t *)chain;
    c->chain_bytes = sizeof(*chain) + len;
    c->measurements = (uint8_t *)m;
    c->measurement_bytes = sizeof(*m);
    c->nr_measurements = 1;
}

static void describe(TdispTestdev *d)
{
    static const struct dsm_range ranges[] = {
        { .bar = 0, .nr_pages = TESTDEV_BAR0_BYTES / PAGE_BYTES },
        { .bar = 2, .nr_pages = 2 },
        { .bar = 2, .offset = TESTDEV_MSIX_TABLE, .nr_pages = 1, .attributes = TDISP_RANGE_NON_TEE },
        { .bar = 2, .offset = TESTDEV_MSIX_TABLE + PAGE_BYTES, .nr_pages = 1 },
    };

    d->config = (struct dsm_config) {
        .ops = &dsm_ops,
        .opaque = d,
        .bar_bytes = { [0] = TESTDEV_BAR0_BYTES, [2] = d->has_bar2 ? TESTDEV_BAR2_BYTES : 0 },
        .nr_ranges = d->has_bar2 ? ARRAY_SIZE(ranges) : 1,
        .info = TDISP_INFO_DMA_NO_PASID,
        DSM_PROFILE,
    };
    memcpy(d->config.range, ranges, sizeof(ranges));
    identify(&d->config, d->identity ?: TESTDEV_IDENTITY);
}

/* ---- DOE ----------------------------------------------------------------- */

static bool handle_object(DOECap *doe)
{
    TdispTestdev *d = TDISP_TESTDEV(doe->pdev);
    void *req = pcie_doe_get_write_mbox_ptr(doe);
    size_t len = pcie_doe_get_obj_len(req) * sizeof(uint32_t);

    d->counters.doe_messages++;
    len = dsm_message(&d->dsm, req, len, d->answer, sizeof(d->answer));
    /* Not pcie_doe_set_rsp(): a fault knob may have changed the length in the header. */
    memcpy(doe->read_mbox, d->answer, len);
    doe->read_mbox_len = len / sizeof(uint32_t);
    return len;
}

static DOEProtocol protocols[] = {
    { PCI_VENDOR_ID_PCI_SIG, PCI_SIG_DOE_CMA, handle_object },
    { PCI_VENDOR_ID_PCI_SIG, PCI_SIG_DOE_SECURED_CMA, handle_object },
    { }
};

bool testdev_allowed(TdispTestdev *d, bool tee_range, bool tee)
{
    uint8_t stream;

    if (tee && !(tdisp_ide_enabled(PCI_DEVICE(d), TESTDEV_IDE_OFFSET, &stream) &&
                 tdisp_stream_open(stream) && dsm_keyed(&d->dsm, stream))) {
        return false;
    }
    return dsm_access_allowed(&d->dsm, tee_range, tee);
}

bool testdev_security_init(TdispTestdev *d, Error **errp)
{
    if (d->identity && strlen(d->identity) > PAGE_BYTES) {
        error_setg(errp, "identity is too long");
        return false;
    }
    describe(d);
    if (!dsm_init(&d->dsm, &d->config)) {
        error_setg(errp, "the device's description does not fit the formats");
        return false;
    }
    dsm_set_faults(&d->dsm, &d->faults);
    d->doe = g_new0(DOECap, 1);
    pcie_doe_init(PCI_DEVICE(d), d->doe, TESTDEV_DOE_OFFSET, protocols, false, 0);
    return true;
}

void testdev_security_exit(TdispTestdev *d)
{
    pcie_doe_fini(d->doe);
    g_free((void *)d->config.chain);
    g_free((void *)d->config.measurements);
}
