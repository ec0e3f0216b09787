/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A PCIe root port whose link has selective IDE: the generic one, which brings ACS, and
 * an IDE extended capability.
 */

#include "qemu/osdep.h"
#include "qapi/error.h"
#include "hw/pci/pci_bridge.h"
#include "hw/pci/pci_bus.h"
#include "hw/pci/pcie_port.h"
#include "tdisp.h"

#define RP_IDE_OFFSET   0x150   /* behind AER and ACS */

typedef struct TdispRootPortClass {
    PCIERootPortClass parent_class;
    DeviceRealize parent_realize;
    ResettablePhases parent_phases;
    PCIConfigWriteFunc *parent_config_write;
} TdispRootPortClass;
DECLARE_CLASS_CHECKERS(TdispRootPortClass, TDISP_ROOT_PORT, TYPE_TDISP_ROOT_PORT)

static void tdisp_rp_realize(DeviceState *dev, Error **errp)
{
    ERRP_GUARD();

    TDISP_ROOT_PORT_GET_CLASS(dev)->parent_realize(dev, errp);
    if (!*errp) {
        tdisp_ide_init(PCI_DEVICE(dev), RP_IDE_OFFSET);
    }
}

static void tdisp_rp_write_config(PCIDevice *d, uint32_t addr, uint32_t val, int len)
{
    TDISP_ROOT_PORT_GET_CLASS(d)->parent_config_write(d, addr, val, len);
    tdisp_ide_update(d, RP_IDE_OFFSET);
}

static void tdisp_rp_reset_hold(Object *obj, ResetType type)
{
    PCIDevice *d = PCI_DEVICE(obj);

    TDISP_ROOT_PORT_GET_CLASS(obj)->parent_phases.hold(obj, type);
    tdisp_ide_reset(d, RP_IDE_OFFSET);
    /*
     * With ACPI hotplug nothing else reports that the link is up, and Linux gives up on
     * a device whose link does not come back after a bus reset.
     */
    if (pci_bridge_get_sec_bus(PCI_BRIDGE(d))->devices[0]) {
        pci_word_test_and_set_mask(d->config + d->exp.exp_cap + PCI_EXP_LNKSTA,
                                   PCI_EXP_LNKSTA_DLLLA);
    }
}

static void tdisp_rp_class_init(ObjectClass *oc, void *data)
{
    TdispRootPortClass *trc = TDISP_ROOT_PORT_CLASS(oc);
    PCIDeviceClass *k = PCI_DEVICE_CLASS(oc);
    DeviceClass *dc = DEVICE_CLASS(oc);

    dc->desc = "PCI Express Root Port with IDE";
    device_class_set_parent_realize(dc, tdisp_rp_realize, &trc->parent_realize);
    resettable_class_set_parent_phases(RESETTABLE_CLASS(oc), NULL, tdisp_rp_reset_hold, NULL,
                                       &trc->parent_phases);
    trc->parent_config_write = k->config_write;
    k->config_write = tdisp_rp_write_config;
}

static const TypeInfo tdisp_rp_info = {
    .name = TYPE_TDISP_ROOT_PORT,
    .parent = "pcie-root-port",
    .class_size = sizeof(TdispRootPortClass),
    .class_init = tdisp_rp_class_init,
};

static void tdisp_rp_register(void)
{
    type_register_static(&tdisp_rp_info);
}

type_init(tdisp_rp_register)
