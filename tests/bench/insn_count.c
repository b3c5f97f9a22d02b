/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A TCG plugin that counts executed guest instructions. Debian packages no header for plugins, so
 * the few functions of QEMU's plugin interface (docs/devel/tcg-plugins.rst) that are used here are
 * declared here.
 */
#include <inttypes.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define MAX_VCPUS 64
#define EXPORT __attribute__((visibility("default")))

typedef uint64_t plugin_id;
struct qemu_plugin_tb;
struct qemu_info;

void qemu_plugin_register_vcpu_tb_trans_cb(plugin_id id,
					   void (*cb)(plugin_id id, struct qemu_plugin_tb *tb));
void qemu_plugin_register_vcpu_tb_exec_cb(struct qemu_plugin_tb *tb,
					  void (*cb)(unsigned int vcpu, void *data), int flags,
					  void *data);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
void qemu_plugin_register_atexit_cb(plugin_id id, void (*cb)(plugin_id id, void *data), void *data);
void qemu_plugin_outs(const char *text);
EXPORT int qemu_plugin_install(plugin_id id, const struct qemu_info *info, int argc, char **argv);

EXPORT int qemu_plugin_version = 2;

/* One cache line each: vCPUs run in threads of their own. */
static struct {
	uint64_t instructions;
	uint8_t pad[56];
} counts[MAX_VCPUS];

static void executed(unsigned int vcpu, void *data)
{
	if (vcpu < MAX_VCPUS)
		counts[vcpu].instructions += (uint64_t)(uintptr_t)data;
}

static void translated(plugin_id id, struct qemu_plugin_tb *tb)
{
	(void)id;
	qemu_plugin_register_vcpu_tb_exec_cb(tb, executed, 0,
					     (void *)(uintptr_t)qemu_plugin_tb_n_insns(tb));
}

static void report(plugin_id id, void *data)
{
	uint64_t total = 0;
	char line[64];

	(void)id;
	(void)data;
	for (unsigned int i = 0; i < MAX_VCPUS; i++)
		total += counts[i].instructions;
	(void)snprintf(line, sizeof(line), "instructions=%" PRIu64 "\n", total);
	qemu_plugin_outs(line);
}

int qemu_plugin_install(plugin_id id, const struct qemu_info *info, int argc, char **argv)
{
	(void)info;
	(void)argc;
	(void)argv;
	qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
	qemu_plugin_register_atexit_cb(id, report, NULL);
	return 0;
}
