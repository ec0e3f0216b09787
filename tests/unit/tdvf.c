// SPDX-License-Identifier: GPL-2.0
/*
 * The guest image as a TDX virtual firmware, read as a VMM reads it: from the end of the file, by
 * the rules of Intel's "TDX Virtual Firmware Design Guide", 11. That a table of GUIDed entries
 * looks so is checked against the distribution's OVMF, if it is installed.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#define OVMF	"/usr/share/OVMF/OVMF_CODE_4M.fd"
#define FOUR_GIB	(1ULL << 32)

struct image {
	const uint8_t *data;
	size_t size;
};

struct descriptor {
	uint32_t signature, length, version, nr_sections;
};

struct section {
	uint32_t offset, raw_size;
	uint64_t address, size;
	uint32_t type, attributes;
};

enum { SECTION_BFV, SECTION_CFV, SECTION_TD_HOB, SECTION_TEMP_MEM };

static const uint8_t footer_guid[16] = {
	0xde, 0x82, 0xb5, 0x96, 0xb2, 0x1f, 0xf7, 0x45,
	0xba, 0xea, 0xa3, 0x66, 0xc5, 0x5a, 0x08, 0x2d,
};
static const uint8_t metadata_offset_guid[16] = {
	0x35, 0x65, 0x7a, 0xe4, 0x4a, 0x98, 0x98, 0x47,
	0x86, 0x5e, 0x46, 0x85, 0xa7, 0xbf, 0x8e, 0xc2,
};
/* The reset block of SEV-ES, which every OVMF of the last years has. */
static const uint8_t sev_es_guid[16] = {
	0xde, 0x71, 0xf7, 0x00, 0x7e, 0x1a, 0xcb, 0x4f,
	0x89, 0x0e, 0x68, 0xc7, 0x7e, 0x2f, 0xb4, 0x4e,
};

static bool image_open(struct image *image, const char *path)
{
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || fstat(fd, &st))
		return false;
	image->size = st.st_size;
	image->data = mmap(NULL, image->size, PROT_READ, MAP_PRIVATE, fd, 0);
	close(fd);
	return image->data != MAP_FAILED;
}

static unsigned int size_at(const uint8_t *end)
{
	return end[-18] | end[-17] << 8;
}

/* The data of the entry @guid, which ends @size bytes on, or NULL. An entry: data, size, GUID. */
static const uint8_t *table_entry(const struct image *image, const uint8_t *guid, size_t *size)
{
	const uint8_t *end = image->data + image->size - 32, *begin;

	assert_memory_equal(end - 16, footer_guid, sizeof(footer_guid));
	begin = end - size_at(end);
	for (end -= 18; end > begin; end -= size_at(end)) {
		assert_in_range(size_at(end), 18, end - begin);
		if (!memcmp(end - 16, guid, 16)) {
			*size = size_at(end) - 18;
			return end - size_at(end);
		}
	}
	return NULL;
}

static int image_setup(void **state)
{
	static struct image image;

	*state = &image;
	return !image_open(&image, TDVF_IMAGE);
}

static const struct descriptor *descriptor(const struct image *image)
{
	const struct descriptor *desc;
	size_t size = 0;
	const uint8_t *entry = table_entry(image, metadata_offset_guid, &size);
	uint32_t offset;

	assert_non_null(entry);
	assert_int_equal(size, sizeof(offset));
	memcpy(&offset, entry, sizeof(offset));
	assert_in_range(offset, sizeof(*desc), image->size);
	desc = (const void *)(image->data + image->size - offset);
	assert_in_range(desc->length, sizeof(*desc), offset);
	return desc;
}

/* Break: in linker/tdvf.ld, a table that ends elsewhere, or another offset of the descriptor. */
static void test_descriptor(void **state)
{
	const struct descriptor *desc = descriptor(*state);

	assert_memory_equal(&desc->signature, "TDVF", 4);
	assert_int_equal(desc->version, 1);
	assert_int_equal(desc->length,
			 sizeof(*desc) + desc->nr_sections * sizeof(struct section));
}

/* Break: an address that is not the end of the file's at 4 GiB; a size that is not the file's. */
static void test_sections(void **state)
{
	const struct image *image = *state;
	const struct descriptor *desc = descriptor(image);
	const struct section *sections = (const void *)(desc + 1);
	unsigned int hobs = 0;
	size_t covered = 0;

	for (unsigned int i = 0; i < desc->nr_sections; i++) {
		const struct section *s = &sections[i];

		assert_int_equal(s->address % 4096, 0);
		assert_int_equal(s->size % 4096, 0);
		switch (s->type) {
		case SECTION_BFV:
			assert_int_equal(s->attributes, 1);
			assert_int_equal(s->raw_size, s->size);
			assert_int_equal(s->offset, covered);
			assert_int_equal(s->address, FOUR_GIB - image->size + s->offset);
			covered += s->raw_size;
			break;
		case SECTION_TD_HOB:
			assert_int_equal(s->attributes, 0);
			assert_int_equal(s->offset, 0);
			assert_int_equal(s->raw_size, 0);
			assert_in_range(s->address, 1 << 20, FOUR_GIB - image->size - s->size);
			hobs++;
			break;
		default:
			fail_msg("section %u: type %u", i, s->type);
		}
	}
	assert_int_equal(covered, image->size);
	assert_int_equal(hobs, 1);	/* its address is what QEMU gives each vCPU in RCX */
}

/* Break: another size in linker/guest.ld; QEMU's -bios takes nothing else. */
static void test_size(void **state)
{
	const struct image *image = *state;

	assert_int_equal(image->size % (64 << 10), 0);
}

/* Break: read the size of an entry after its GUID. */
static void test_other_firmware(void **state)
{
	struct image ovmf;
	size_t size = 0;

	if (!image_open(&ovmf, OVMF))
		skip();
	assert_non_null(table_entry(&ovmf, sev_es_guid, &size));
	assert_int_equal(size, 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_descriptor),
		cmocka_unit_test(test_sections),
		cmocka_unit_test(test_size),
		cmocka_unit_test(test_other_firmware),
	};

	return cmocka_run_group_tests(tests, image_setup, NULL);
}
