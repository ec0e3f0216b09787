// SPDX-License-Identifier: GPL-2.0
/* A timeline as SVG: a lane for each party, a row for each mark, time runs down. */
#include <stdlib.h>

#include "tdx/names.h"
#include "report.h"
#include "timeline.h"

#define WIDTH	980
#define HEAD	54	/* y of the first row */
#define ROW	30
#define TEXT_MAX	96
#define BAR	11	/* from the bar of one TDI to the next */

static const struct {
	const char *name;
	unsigned int x;
} lanes[PARTY_NR] = {
	[PARTY_GUEST] = { "guest", 180 }, [PARTY_VMM] = { "VMM", 330 },
	[PARTY_KERNEL] = { "kernel", 490 }, [PARTY_MODULE] = { "module", 700 }, [PARTY_DEVICE] = { "device", 890 },
};

/* It is also a file of its own, so it brings its colours along. */
static const char style[] =
	"<style>"
	".tl{--bg:#fff;--fg:#1c2127;--dim:#626a73;--line:#d5d9de;--call:#1f5fae;--msg:#7a3fa0;"
	"--bad:#b3261e;--lock:#e3a72f;--run:#2f9e5b;font:12px system-ui,sans-serif;"
	"font-variant-numeric:tabular-nums}"
	"@media(prefers-color-scheme:dark){.tl{--bg:#15181c;--fg:#e4e7ea;--dim:#98a1aa;"
	"--line:#3a4048;--call:#7db4f5;--msg:#cf9bf0;--bad:#ff8a80;--lock:#c58a16;--run:#2a8a50}}"
	"@media print{.tl{--bg:#fff;--fg:#000;--dim:#444;--line:#bbb;--call:#1f5fae;--msg:#7a3fa0;"
	"--bad:#b3261e}}"
	".tl .ground{fill:var(--bg)}"
	".tl text{fill:var(--fg);paint-order:stroke;stroke:var(--bg);stroke-width:3px;"
	"stroke-linejoin:round}"
	".tl .lane{stroke:var(--line);stroke-width:1.5}"
	".tl .name{font-weight:600;font-size:13px}"
	".tl .time{fill:var(--dim);font-size:11px;text-anchor:end}"
	".tl .state{fill:var(--dim);font-size:11px}"
	".tl .mid{text-anchor:middle}"
	".tl .arrow{stroke:var(--call);stroke-width:1.6;fill:none}.tl .tip{fill:var(--call)}"
	".tl .msg .arrow{stroke:var(--msg);stroke-dasharray:5 3}.tl .msg .tip{fill:var(--msg)}"
	".tl .bad .arrow{stroke:var(--bad)}.tl .bad .tip,.tl .bad text{fill:var(--bad)}"
	".tl .locked{fill:var(--lock)}.tl .run{fill:var(--run)}"
	"</style>\n";

static unsigned int row_y(size_t row)
{
	return HEAD + ROW * (unsigned int)row + ROW / 2;
}

static double ticks(const struct timeline *t, uint64_t tsc)
{
	return (double)(int64_t)(tsc - t->zero) / 1e6;
}

static void draw_arrow(FILE *f, enum party from, enum party to, unsigned int y)
{
	int way = to > from ? 1 : -1;
	int tip = (int)lanes[to].x - 3 * way;

	fprintf(f, "<path class=\"arrow\" d=\"M%u %uH%d\"/>"
		"<path class=\"tip\" d=\"M%d %ul%d -4v8z\"/>",
		lanes[from].x, y, tip - 6 * way, tip, y, -8 * way);
}

/* Of several TDIs, each call says whose it is. */
static void draw_label(FILE *f, const struct mark *mark, unsigned int nr_tdis)
{
	char status[64], *text = xasprintf("%.*s", TEXT_MAX, mark->text);

	if (mark->n > 1)
		fprintf(f, "%u &#215; ", mark->n);
	report_escape(f, text);
	if (nr_tdis > 1 && mark->kind && mark->kind->effect)
		fprintf(f, " %02x:%02x.%u", mark->func >> 8 & 0xff, mark->func >> 3 & 0x1f,
			mark->func & 7);
	if (mark->kind && mark->failed)
		fprintf(f, ": %s", tdx_status_text(mark->status, status, sizeof(status)));
	if (mark->kind && mark->kind->to == PARTY_DEVICE && mark->end > mark->begin)
		fprintf(f, ", %u TD exits", mark->exits);
	free(text);
}

static void draw_mark(FILE *f, const struct timeline *t, const struct mark *mark, unsigned int y,
		      unsigned int nr_tdis)
{
	const struct mark_kind *kind = mark->kind;

	fprintf(f, "<g%s><text class=\"time\" x=\"134\" y=\"%u\">%.3f",
		mark->failed ? " class=\"bad\"" : "", y + 4, ticks(t, mark->begin));
	if (mark->end > mark->begin)
		fprintf(f, " &#8211; %.3f", ticks(t, mark->end));
	fputs("</text>", f);
	if (!kind) {
		fprintf(f, "<circle class=\"tip\" cx=\"%u\" cy=\"%u\" r=\"4.5\"/><text x=\"%u\" y=\"%u\">",
			lanes[PARTY_VMM].x, y, lanes[PARTY_VMM].x + 11, y + 4);
	} else {
		draw_arrow(f, kind->from, kind->to, y);
		fprintf(f, "<text class=\"mid\" x=\"%u\" y=\"%u\">",
			(lanes[kind->from].x + lanes[kind->to].x) / 2, y - 7);
	}
	draw_label(f, mark, nr_tdis);
	fputs("</text></g>\n", f);
	if (!mark->messages)
		return;
	fputs("<g class=\"msg\">", f);
	draw_arrow(f, PARTY_MODULE, PARTY_DEVICE, y);
	fprintf(f, "<text class=\"mid\" x=\"%u\" y=\"%u\">%u message%s</text></g>\n",
		(lanes[PARTY_MODULE].x + lanes[PARTY_DEVICE].x) / 2, y - 7, mark->messages,
		mark->messages == 1 ? "" : "s");
}

/* A device's state as the module's answers tell it: a bar beside the lane from call to call. */
static void draw_states(FILE *f, const struct timeline *t, size_t first, size_t end, uint32_t func,
			unsigned int x)
{
	static const struct {
		const char *name, *bar;
	} states[] = {
		[EFFECT_LOCKED] = { "LOCKED", "locked" }, [EFFECT_RUN] = { "RUN", "run" },
		[EFFECT_UNLOCKED] = { "UNLOCKED", NULL },
	};
	enum mark_effect now = EFFECT_NONE;
	size_t since = first;

	for (size_t i = first; i <= end; i++) {
		const struct mark_kind *kind = i < end && t->v[i].done && t->v[i].func == func ?
					       t->v[i].kind : NULL;
		enum mark_effect next = kind ? kind->effect : EFFECT_NONE;

		if (i < end && (next < EFFECT_LOCKED || next > EFFECT_UNLOCKED))
			continue;
		if (now && states[now].bar)
			fprintf(f, "<rect class=\"%s\" x=\"%u\" y=\"%u\" width=\"8\" height=\"%u\"/>",
				states[now].bar, x - 4, row_y(since - first),
				row_y(i) - row_y(since));
		if (i < end)
			fprintf(f, "<text class=\"state\" x=\"%u\" y=\"%u\">%s</text>\n",
				x + 12, row_y(i - first) + 4, states[next].name);
		now = next;
		since = i;
	}
}

/* The bars of all TDIs, one beside the other. Returns how many there are. */
static unsigned int draw_tdis(FILE *f, const struct timeline *t, size_t first, size_t end)
{
	unsigned int nr = 0;

	for (size_t i = first; i < end; i++) {
		size_t before = first;

		if (!t->v[i].kind || !t->v[i].kind->effect)
			continue;
		while (!t->v[before].kind || !t->v[before].kind->effect ||
		       t->v[before].func != t->v[i].func)
			before++;
		if (before == i)
			draw_states(f, t, first, end, t->v[i].func,
				    lanes[PARTY_DEVICE].x + BAR * nr++);
	}
	return nr;
}

/* One use of the device ends with the first step of the VMM after the last TDI was freed. */
static size_t use_end(const struct timeline *t, size_t first)
{
	bool freed = false, more = false;
	size_t end = first;
	int live = 0;

	for (; end < t->n; end++) {
		const struct mark_kind *kind = t->v[end].kind;

		if (freed && kind && kind->effect == EFFECT_CREATED)
			break;
		if (kind && t->v[end].done)
			live += (kind->effect == EFFECT_CREATED) - (kind->effect == EFFECT_FREED);
		freed |= !live && kind && kind->effect == EFFECT_FREED && t->v[end].done;
		if (freed && !kind) {
			end++;
			break;
		}
	}
	/* What only closes belongs to the last use. */
	for (size_t i = end; i < t->n; i++)
		more |= t->v[i].kind && t->v[i].kind->effect == EFFECT_CREATED;
	return more ? end : t->n;
}

size_t timeline_draw(FILE *f, const struct timeline *t, size_t first, bool virtual_time)
{
	size_t end = use_end(t, first);
	unsigned int nr_tdis, height = row_y(end - first) + 4;

	fprintf(f, "<svg class=\"tl\" xmlns=\"http://www.w3.org/2000/svg\" width=\"%u\" height=\"%u\" "
		"viewBox=\"0 0 %u %u\" role=\"group\" aria-label=\"timeline\">\n%s", WIDTH, height, WIDTH,
		height, style);
	fprintf(f, "<rect class=\"ground\" width=\"%u\" height=\"%u\"/>\n"
		"<text class=\"time\" x=\"134\" y=\"28\">%s</text>\n", WIDTH, height,
		virtual_time ? "virtual ms" : "10&#8310; cycles");
	for (int l = 0; l < PARTY_NR; l++)
		fprintf(f, "<text class=\"name mid\" x=\"%u\" y=\"28\">%s</text>"
			"<path class=\"lane\" d=\"M%u 40V%u\"/>\n", lanes[l].x, lanes[l].name, lanes[l].x,
			height - 8);
	nr_tdis = draw_tdis(f, t, first, end);
	for (size_t i = first; i < end; i++)
		draw_mark(f, t, &t->v[i], row_y(i - first), nr_tdis);
	fputs("</svg>\n", f);
	return end;
}
