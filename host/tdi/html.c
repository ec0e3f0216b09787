// SPDX-License-Identifier: GPL-2.0
/*
 * A report as one page for a browser. Whatever a TD, a VMM or a kernel said is text in it and
 * nothing else: it all goes through report_escape(), and the page may load nothing.
 */
#include <stdlib.h>
#include <string.h>

#include "qemu.h"
#include "report.h"

#define EXCERPT_LINES	24
#define DRAWINGS_MAX	6	/* of one test */

static const char head[] =
	"<!DOCTYPE html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n"
	"<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n"
	"<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
	"style-src 'unsafe-inline'; script-src 'unsafe-inline'; base-uri 'none'; "
	"form-action 'none'\">\n"
	"<style>\n"
	":root{color-scheme:light dark;--bg:#fff;--fg:#1c2127;--dim:#626a73;--line:#d5d9de;"
	"--soft:#f5f6f8;--good:#1d7a43;--bad:#b3261e;--skip:#8a5a00;--link:#1f5fae}\n"
	"@media(prefers-color-scheme:dark){:root{--bg:#15181c;--fg:#e4e7ea;--dim:#98a1aa;"
	"--line:#3a4048;--soft:#1d2126;--good:#6fd095;--bad:#ff8a80;--skip:#e8b75a;"
	"--link:#7db4f5}}\n"
	"body{margin:0 auto;padding:2rem 1.5rem 4rem;max-width:1000px;background:var(--bg);"
	"color:var(--fg);font:15px/1.5 system-ui,sans-serif}\n"
	"h1{font-size:1.6rem;line-height:1.2;margin:0 0 .4rem}\n"
	"h2{font-size:1.15rem;margin:2.4rem 0 .8rem}\nh3{font-size:1rem;margin:0}\n"
	"p{margin:.4rem 0}\na{color:var(--link)}\n"
	"pre,code,.id{font:13px/1.45 ui-monospace,monospace}\n"
	"pre{background:var(--soft);border:1px solid var(--line);border-radius:4px;padding:.6rem .8rem;"
	"margin:.5rem 0;white-space:pre-wrap;overflow-wrap:anywhere}\n"
	"pre.all{user-select:all}\n.dim{color:var(--dim)}\n"
	"dl{display:grid;grid-template-columns:repeat(auto-fit,minmax(8.5rem,1fr));gap:1px;"
	"margin:1.2rem 1px}\n"
	"dl div{box-shadow:0 0 0 1px var(--line);padding:.5rem .8rem}\ndt{color:var(--dim);font-size:.8rem}\n"
	"dd{margin:0;font-size:1.1rem;font-variant-numeric:tabular-nums}\n"
	"table{border-collapse:collapse;width:100%}\n"
	"th,td{text-align:left;vertical-align:top;padding:.35rem .7rem .35rem 0;"
	"border-bottom:1px solid var(--line)}\nth{font-size:.8rem;color:var(--dim);font-weight:600}\n"
	"td.id{min-width:12.5rem;overflow-wrap:anywhere}\n"
	"td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}\n"
	".v{font-weight:600}.pass,.xfail{color:var(--good)}.skip{color:var(--skip)}\n"
	".fail,.error,.timeout,.crash{color:var(--bad)}\n"
	"form{display:flex;flex-wrap:wrap;gap:.4rem 1.2rem;align-items:center;margin:.6rem 0}\n"
	"form[hidden]{display:none}\ninput[type=search]{font:inherit;padding:.3rem .5rem;min-width:16rem}\n"
	"article,details{border:1px solid var(--line);border-radius:4px;padding:.8rem 1rem;margin:.8rem 0}\n"
	"article{border-left:4px solid var(--bad)}\ndetails details{padding:.4rem .8rem}\n"
	"summary{cursor:pointer}\n:focus-visible{outline:2px solid var(--link);outline-offset:2px}\n"
	".wide{overflow-x:auto}\n.wide svg{display:block;margin:.8rem auto;max-width:100%;"
	"min-width:760px;height:auto}\n"
	"@media print{:root{color-scheme:light;--bg:#fff;--fg:#000;--dim:#444;--line:#bbb;--soft:#fff;"
	"--good:#1d7a43;--bad:#b3261e;--skip:#8a5a00}body{padding:0;max-width:none;font-size:11px}"
	"form{display:none}article,tr{break-inside:avoid}.wide{overflow:visible}"
	".wide svg{min-width:0}}\n"
	"</style>\n";

/* Without it the table is whole, and the details open by hand. */
static const char script[] =
	"<script>\n"
	"const form = document.querySelector('form'), rows = document.querySelectorAll('tbody tr');\n"
	"const filter = () => {\n"
	"  const words = form.text.value.toLowerCase().split(/\\s+/);\n"
	"  const off = [...form.querySelectorAll('input:not(:checked)[name=v]')].map(b => b.value);\n"
	"  let n = 0;\n"
	"  for (const r of rows) {\n"
	"    const text = r.textContent.toLowerCase();\n"
	"    r.hidden = off.includes(r.dataset.v) || !words.every(w => text.includes(w));\n"
	"    n += !r.hidden;\n"
	"  }\n"
	"  form.querySelector('output').value = n + ' of ' + rows.length;\n"
	"};\n"
	"form.hidden = false;\n"
	"form.addEventListener('input', filter);\n"
	"form.addEventListener('submit', e => e.preventDefault());\n"
	"filter();\n"
	"addEventListener('beforeprint', () => document.querySelectorAll('details').forEach(d => "
	"d.open = true));\n"
	"addEventListener('hashchange', () => { const d = document.getElementById(location.hash.slice(1));"
	" if (d && d.tagName === 'DETAILS') d.open = true; });\n"
	"</script>\n";

static void html_fact(FILE *f, const char *name, unsigned long long value, const char *remark)
{
	fprintf(f, "<div><dt>%s</dt><dd>%llu%s%s</dd></div>\n", name, value, *remark ? " " : "", remark);
}

static void html_head(FILE *f, const struct report *report, const struct totals *t)
{
	static const char *const exits[] = {
		[EXIT_PASS] = "pass", [EXIT_FAIL] = "fail", [EXIT_USAGE] = "harness error",
		[EXIT_CRASH] = "crash", [EXIT_ALL_SKIPPED] = "all skipped",
		[EXIT_TIMEOUT] = "timeout", [EXIT_CANNOT_TEST] = "cannot test",
		[EXIT_INTERRUPTED] = "interrupted",
	};
	int code = report_exit_code(report);

	fputs(head, f);
	fprintf(f, "<title>tdi: %u passed, %u failed, %u skipped</title>\n<h1 class=\"%s\">%u passed, "
		"%u failed, %u skipped</h1>\n<p class=\"id\">", t->passed, t->failed, t->skipped,
		code ? code == EXIT_ALL_SKIPPED ? "skip" : "fail" : "pass", t->passed, t->failed,
		t->skipped);
	report_escape(f, report->platform);
	fputs("</p>\n<dl>\n", f);
	html_fact(f, "exit", (unsigned long long)code, exits[code]);
	html_fact(f, "seed", report->seed, "");
	html_fact(f, "L1 boots", report->boots, "");
	html_fact(f, "TDs", report->tds, "");
	html_fact(f, "SEAMCALLs", report->seamcalls, "");
	html_fact(f, "unbinds checked", report->unbinds, "");
	fputs("</dl>\n", f);
	for (size_t i = 0; i < report->story.n; i++) {
		fputs("<p class=\"dim\">", f);
		report_escape(f, report->story.v[i]);
		fputs("</p>\n", f);
	}
}

static void html_lines(FILE *f, const struct strv *lines)
{
	if (!lines->n)
		return;
	fputs("<pre>", f);
	for (size_t i = 0; i < lines->n; i++) {
		report_escape(f, lines->v[i]);
		fputc('\n', f);
	}
	fputs("</pre>\n", f);
}

/* The end of a log, if there is one; @path is freed. */
static void html_excerpt(FILE *f, char *path)
{
	size_t len, lines = 0;
	char *text = file_read(path, &len), *from;

	if (text && len) {
		for (from = text + len - 1; from > text; from--)
			if (from[-1] == '\n' && ++lines == EXCERPT_LINES)
				break;
		fputs("<details><summary>the end of <code>", f);
		report_escape(f, path);
		fputs("</code></summary><pre>", f);
		report_escape(f, from);
		fputs("</pre></details>\n", f);
	}
	free(text);
	free(path);
}

static void html_failure(FILE *f, const struct report *report, size_t i)
{
	const struct result *res = &report->v[i];
	const char *verdict = verdict_name(res->verdict);
	char *replay = report_replay(report, res);
	char *dir = xasprintf("%s/boot-%u", report->logs, res->boot);

	fprintf(f, "<article id=\"t%zu\"><h3><span class=\"%s\">%s</span> <span class=\"id\">", i, verdict,
		verdict);
	report_escape(f, res->id);
	fputs("</span></h3>\n<p>", f);
	report_escape(f, res->sentence);
	fputs(" <span class=\"dim\">", f);
	report_escape(f, res->clause);
	fputs("</span></p>\n", f);
	html_lines(f, &res->detail);
	if (res->timeline.n)
		fprintf(f, "<p><a href=\"#d%zu\">what was recorded of its device</a></p>\n", i);
	fputs("<p class=\"dim\">replay</p><pre class=\"all\">", f);
	report_escape(f, replay);
	fputs("</pre>\n", f);
	if (res->rank != RESULT_OF_BOOT) {
		html_excerpt(f, xasprintf("%s/td-%s.log", dir, res->replay.v[0]));
		html_excerpt(f, xasprintf("%s/td-%s.trace", dir, res->replay.v[0]));
		html_excerpt(f, xasprintf("%s/td-%s.neighbour.trace", dir, res->replay.v[0]));
	}
	html_excerpt(f, xasprintf("%s/" QEMU_CONSOLE, dir));
	html_excerpt(f, xasprintf("%s/" QEMU_STDERR, dir));
	fputs("</article>\n", f);
	free(dir);
	free(replay);
}

static void html_failures(FILE *f, const struct report *report)
{
	size_t not_run = 0;

	fputs("<h2>Failed</h2>\n", f);
	for (size_t i = 0; i < report->n; i++) {
		not_run += report->v[i].not_run;
		if (verdict_failed(report->v[i].verdict) && !report->v[i].not_run)
			html_failure(f, report, i);
	}
	if (not_run)
		fprintf(f, "<p>%zu test%s not run.</p>\n", not_run, not_run == 1 ? " was" : "s were");
}

static void html_filter(FILE *f, const struct totals *t)
{
	fputs("<form hidden aria-label=\"filter\"><input type=\"search\" name=\"text\" "
	      "aria-label=\"words to find\" placeholder=\"words to find\">\n", f);
	for (int v = 0; v < VERDICT_NR; v++)
		if (t->by_verdict[v])
			fprintf(f, "<label><input type=\"checkbox\" name=\"v\" value=\"%s\" checked> "
				"<span class=\"v %s\">%s</span> %u</label>\n", verdict_name(v),
				verdict_name(v), verdict_name(v), t->by_verdict[v]);
	fputs("<output class=\"dim\"></output></form>\n", f);
}

static void html_row(FILE *f, const struct result *res, size_t i)
{
	const char *verdict = verdict_name(res->verdict);
	bool shown = verdict_failed(res->verdict) && !res->not_run;
	bool linked = shown || res->timeline.n;

	fprintf(f, "<tr data-v=\"%s\"><td class=\"v %s\">%s</td><td class=\"id\">", verdict, verdict,
		verdict);
	if (linked)
		fprintf(f, "<a href=\"#%c%zu\">", shown ? 't' : 'd', i);
	report_escape(f, res->id);
	fprintf(f, "%s</td><td>", linked ? "</a>" : "");
	report_escape(f, res->sentence);
	if (res->verdict != VERDICT_PASS && res->detail.n) {
		fputs("<br><span class=\"dim\">", f);
		report_escape(f, res->detail.v[0]);
		fputs("</span>", f);
	}
	fprintf(f, "</td><td class=\"n\">%u</td><td class=\"n\">%u</td></tr>\n", res->checks, res->boot);
}

static void html_timeline(FILE *f, const struct timeline *t, bool virtual_time)
{
	size_t at = 0;

	for (int n = 0; n < DRAWINGS_MAX && at < t->n; n++) {
		fputs("<div class=\"wide\" tabindex=\"0\" role=\"region\" aria-label=\"timeline\">\n", f);
		at = timeline_draw(f, t, at, virtual_time);
		fputs("</div>\n", f);
	}
	if (at < t->n)
		fprintf(f, "<p>%zu more marks are not drawn.</p>\n", t->n - at);
}

static void html_device(FILE *f, const struct report *report, size_t i, bool open)
{
	const struct result *res = &report->v[i];

	fprintf(f, "<details id=\"d%zu\"%s><summary><span class=\"id\">", i, open ? " open" : "");
	report_escape(f, res->id);
	fputs("</span>: ", f);
	report_escape(f, res->sentence);
	fputs("</summary>\n", f);
	html_timeline(f, &res->timeline, report->virtual_time);
	if (res->neighbour.n) {
		fputs("<p>Its second TD, at the same time:</p>\n", f);
		html_timeline(f, &res->neighbour, report->virtual_time);
	}
	fputs("<details><summary>in words, from the records</summary>", f);
	html_lines(f, &res->story);
	fputs("</details></details>\n", f);
}

static void html_devices(FILE *f, const struct report *report)
{
	size_t n = 0;

	for (size_t i = 0; i < report->n; i++)
		n += report->v[i].timeline.n > 0;
	if (!n)
		return;
	fputs("<h2>Private devices</h2>\n<p class=\"dim\">Calls are from the module's trace, dots are steps "
	      "that the VMM recorded when they were over. The bar is the device's state as the module's "
	      "answers tell it. A message is one that the module gave to the host for the device. "
	      "Like calls are counted in one row.</p>\n", f);
	for (size_t i = 0; i < report->n; i++)
		if (report->v[i].timeline.n)
			html_device(f, report, i, n <= 2);
}

void report_html(FILE *f, const struct report *report)
{
	struct totals t;

	report_totals(report, &t);
	html_head(f, report, &t);
	if (t.failed)
		html_failures(f, report);
	fputs("<h2>Results</h2>\n", f);
	html_filter(f, &t);
	fputs("<div class=\"wide\"><table><thead><tr><th>verdict</th><th>test</th><th>what must hold</th>"
	      "<th class=\"n\">checks</th><th class=\"n\">boot</th></tr></thead><tbody>\n", f);
	for (size_t i = 0; i < report->n; i++)
		html_row(f, &report->v[i], i);
	fputs("</tbody></table></div>\n", f);
	html_devices(f, report);
	fputs(script, f);
	fputs("</html>\n", f);
}
