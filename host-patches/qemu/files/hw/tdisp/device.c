/* SPDX-License-Identifier: GPL-2.0 */
/*
 * tdisp-testdev, a PCIe endpoint with TEE-IO. Its security manager hears of everything
 * that happens to the configuration which TDISP locks (fact sheet tdx-connect.md 4).
 */

#include "qemu/osdep.h"
#include "qapi/error.h"
#include "hw/pci/pcie.h"
#include "hw/qdev-properties.h"
#include "migration/vmstate.h"
#include "device.h"

#define PCI_EXP_DEVCAP_TEE_IO   (1u << 30)
#define BARS_BYTES              (6 * sizeof(uint32_t))

static QLIST_HEAD(, TdispTestdev) testdevs = QLIST_HEAD_INITIALIZER(testdevs);

/* ---- configuration space ------------------------------------------------- */

/* What must not change under a locked interface. */
typedef struct Locked {
    uint16_t command, pm_state;
    uint8_t bars[BARS_BYTES];
} Locked;

static Locked locked_registers(PCIDevice *pci)
{
    Locked l = {
        .command = pci_get_word(pci->config + PCI_COMMAND) &
                   (PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER),
        .pm_state = pci_get_word(pci->config + pci->pm_cap + PCI_PM_CTRL) &
                    PCI_PM_CTRL_STATE_MASK,
    };

    memcpy(l.bars, pci->config + PCI_BASE_ADDRESS_0, sizeof(l.bars));
    return l;
}

static uint32_t testdev_read_config(PCIDevice *pci, uint32_t addr, int len)
{
    uint32_t val;

    if (pcie_doe_read_config(TDISP_TESTDEV(pci)->doe, addr, len, &val)) {
        return val;
    }
    return pci_default_read_config(pci, addr, len);
}

static void testdev_write_config(PCIDevice *pci, uint32_t addr, uint32_t val, int len)
{
    TdispTestdev *d = TDISP_TESTDEV(pci);
    Locked before = locked_registers(pci), after;
    uint8_t old_stream, stream;
    bool was_enabled = tdisp_ide_enabled(pci, TESTDEV_IDE_OFFSET, &old_stream);

    pci_default_write_config(pci, addr, val, len);
    pcie_doe_write_config(d->doe, addr, val, len);

    after = locked_registers(pci);
    if (memcmp(&before, &after, sizeof(before))) {
        dsm_config_violation(&d->dsm);
    }
    tdisp_ide_update(pci, TESTDEV_IDE_OFFSET);
    if (was_enabled && (!tdisp_ide_enabled(pci, TESTDEV_IDE_OFFSET, &stream) ||
                        stream != old_stream)) {
        dsm_ide_disable(&d->dsm);
    }
    pcie_cap_flr_write_config(pci, addr, val, len);
}

/* ---- reset --------------------------------------------------------------- */

static void testdev_reset_hold(Object *obj, ResetType type)
{
    TdispTestdev *d = TDISP_TESTDEV(obj);
    PCIDevice *pci = PCI_DEVICE(obj);
    uint16_t devctl = pci_get_word(pci->config + pci->exp.exp_cap + PCI_EXP_DEVCTL);

    if (devctl & PCI_EXP_DEVCTL_BCR_FLR) {
        dsm_function_reset(&d->dsm);
    } else {
        tdisp_ide_reset(pci, TESTDEV_IDE_OFFSET);
        dsm_conventional_reset(&d->dsm);
    }
    pcie_doe_write_config(d->doe, TESTDEV_DOE_OFFSET + PCI_EXP_DOE_CTRL,
                          R_PCI_DOE_CAP_CONTROL_DOE_ABORT_MASK, sizeof(uint32_t));
    testdev_bars_reset(d);
}

void tdisp_new_boot(void)
{
    TdispTestdev *d;

    tdisp_streams_reset();
    QLIST_FOREACH(d, &testdevs, next) {
        memset(&d->counters, 0, sizeof(d->counters));
        dsm_set_faults(&d->dsm, &d->faults);
    }
}

/* ---- ledger -------------------------------------------------------------- */

void tdisp_write_ledger(FILE *f)
{
    const char *comma = "";
    TdispTestdev *d;

    fprintf(f, ",\"devices\":[");
    QLIST_FOREACH(d, &testdevs, next) {
        fprintf(f, "%s{\"func\":%d,\"state\":%d", comma, pci_get_bdf(PCI_DEVICE(d)),
                dsm_state(&d->dsm));
#define PUT(x) fprintf(f, ",\"" #x "\":%" PRIu64, d->counters.x)
        PUT(reads_t);
        PUT(writes_t);
        PUT(reads);
        PUT(writes);
        PUT(refused_t);
        PUT(refused);
        PUT(refused_dma);
        PUT(dma);
        PUT(dma_refused);
        PUT(doe_messages);
#undef PUT
        fprintf(f, "}");
        comma = ",";
    }
    fprintf(f, "]");
}

/* ---- life ---------------------------------------------------------------- */

static bool add_standard_capabilities(PCIDevice *pci, Error **errp)
{
    if (pcie_endpoint_cap_init(pci, 0) < 0) {
        error_setg(errp, "no room for the PCI Express capability");
        return false;
    }
    pci_long_test_and_set_mask(pci->config + pci->exp.exp_cap + PCI_EXP_DEVCAP,
                               PCI_EXP_DEVCAP_TEE_IO);
    pcie_cap_flr_init(pci);
    if (pci_pm_init(pci, 0, errp) < 0) {
        return false;
    }
    pci_set_word(pci->config + pci->pm_cap + PCI_PM_PMC, 3);
    pci_set_word(pci->config + pci->pm_cap + PCI_PM_CTRL, PCI_PM_CTRL_NO_SOFT_RESET);
    pci_set_word(pci->wmask + pci->pm_cap + PCI_PM_CTRL, PCI_PM_CTRL_STATE_MASK);
    return true;
}

static void testdev_realize(PCIDevice *pci, Error **errp)
{
    TdispTestdev *d = TDISP_TESTDEV(pci);

    if (!add_standard_capabilities(pci, errp) || !testdev_bars_init(d, errp)) {
        return;
    }
    tdisp_ide_init(pci, TESTDEV_IDE_OFFSET);
    if (!testdev_security_init(d, errp)) {
        testdev_bars_exit(d);
        return;
    }
    QLIST_INSERT_HEAD(&testdevs, d, next);
}

static void testdev_exit(PCIDevice *pci)
{
    TdispTestdev *d = TDISP_TESTDEV(pci);

    QLIST_REMOVE(d, next);
    testdev_security_exit(d);
    testdev_bars_exit(d);
    pcie_cap_exit(pci);
}

static const Property testdev_properties[] = {
    DEFINE_PROP_BOOL("bar2", TdispTestdev, has_bar2, true),
    DEFINE_PROP_STRING("identity", TdispTestdev, identity),
    DEFINE_PROP_UINT32("drop-at", TdispTestdev, faults.drop_at, 0),
    DEFINE_PROP_UINT32("corrupt-at", TdispTestdev, faults.corrupt_at, 0),
    DEFINE_PROP_UINT32("corrupt-bit", TdispTestdev, faults.corrupt_bit, 0),
    DEFINE_PROP_UINT32("error-at", TdispTestdev, faults.error_at, 0),
    DEFINE_PROP_UINT32("report-bit", TdispTestdev, faults.report_bit, 0),
};

static const VMStateDescription testdev_vmstate = {
    .name = TYPE_TDISP_TESTDEV,
    .unmigratable = 1,
};

static void testdev_class_init(ObjectClass *oc, void *data)
{
    DeviceClass *dc = DEVICE_CLASS(oc);
    PCIDeviceClass *k = PCI_DEVICE_CLASS(oc);

    k->realize = testdev_realize;
    k->exit = testdev_exit;
    k->config_read = testdev_read_config;
    k->config_write = testdev_write_config;
    k->vendor_id = TESTDEV_VENDOR;
    k->device_id = TESTDEV_DEVICE;
    k->class_id = PCI_CLASS_OTHERS;
    RESETTABLE_CLASS(oc)->phases.hold = testdev_reset_hold;
    dc->desc = "TDISP test device";
    dc->vmsd = &testdev_vmstate;
    device_class_set_props(dc, testdev_properties);
}

static const TypeInfo testdev_info = {
    .name = TYPE_TDISP_TESTDEV,
    .parent = TYPE_PCI_DEVICE,
    .instance_size = sizeof(TdispTestdev),
    .class_init = testdev_class_init,
    .interfaces = (InterfaceInfo[]) {
        { INTERFACE_PCIE_DEVICE },
        { }
    },
};

static void testdev_register(void)
{
    type_register_static(&testdev_info);
}

type_init(testdev_register)
