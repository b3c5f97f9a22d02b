/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The guest's CR0 and CR4. The processor wants some bits set (SDM vol. 3, A.7 and A.8), and CR0.CD
 * and CR0.NW would change the physical CPU's caching: these stand in a shadow that the guest reads,
 * and a write that changes one exits (25.6.6). All other bits are the guest's.
 */
#include "core/cell.h"
#include "guest.h"
#include "insn.h"
#include "vmx.h"

#define MSR_VMX_CR0_FIXED0 0x486
#define MSR_VMX_CR4_FIXED0 0x488

#define NR_PDPTES 4u
#define CR3_PAE_TABLE 0xffffffe0u

/* Unrestricted guests run without protection and paging too. */
static uint64_t cr0_fixed(void)
{
	return rdmsr(MSR_VMX_CR0_FIXED0) & ~(uint64_t)(CR0_PE | CR0_PG);
}

static uint64_t cr0_mask(void)
{
	return cr0_fixed() | CR0_CD | CR0_NW;
}

void vmx_set_cr0(uint64_t value)
{
	vmwrite(VMCS_CR0_MASK, cr0_mask());
	vmwrite(VMCS_CR0_SHADOW, value);
	vmwrite(VMCS_GUEST_CR0, (value & ~(uint64_t)(CR0_CD | CR0_NW)) | cr0_fixed());
}

void vmx_set_cr4(uint64_t value)
{
	uint64_t fixed = rdmsr(MSR_VMX_CR4_FIXED0);

	vmwrite(VMCS_CR4_MASK, fixed);
	vmwrite(VMCS_CR4_SHADOW, value);
	vmwrite(VMCS_GUEST_CR4, value | fixed);
}

static uint64_t seen(uint64_t real, uint64_t mask, uint64_t shadow)
{
	return (vmread(real) & ~vmread(mask)) | (vmread(shadow) & vmread(mask));
}

uint64_t vmx_cr0(void)
{
	return seen(VMCS_GUEST_CR0, VMCS_CR0_MASK, VMCS_CR0_SHADOW);
}

uint64_t vmx_cr4(void)
{
	return seen(VMCS_GUEST_CR4, VMCS_CR4_MASK, VMCS_CR4_SHADOW);
}

static void set_long_mode(bool on)
{
	uint64_t efer = vmread(VMCS_GUEST_EFER) & ~(uint64_t)EFER_LMA;
	uint64_t controls = vmread(VMCS_ENTRY_CONTROLS) & ~(uint64_t)ENTRY_IA32E;

	vmwrite(VMCS_GUEST_EFER, on ? efer | EFER_LMA : efer);
	vmwrite(VMCS_ENTRY_CONTROLS, on ? controls | ENTRY_IA32E : controls);
}

/* PAE paging keeps its four top entries in the processor (SDM vol. 3, 4.4.1). */
static bool load_pdptes(const struct cell *cell)
{
	uint64_t entries[NR_PDPTES];
	uint64_t table = vmread(VMCS_GUEST_CR3) & CR3_PAE_TABLE;

	for (unsigned int i = 0; i < NR_PDPTES; i++)
		if (guest_read_physical(cell, table + i * UINT64_C(8), &entries[i], 8) != 0)
			return false;
	for (unsigned int i = 0; i < NR_PDPTES; i++)
		vmwrite(VMCS_GUEST_PDPTE0 + 2ull * i, entries[i]);
	return true;
}

/* What MOV to CR0 checks and does besides changing the register (SDM vol. 2, MOV to control
 * registers). False: #GP. */
static bool write_guest_cr0(const struct cell *cell, uint64_t value)
{
	uint64_t old = vmx_cr0();
	uint64_t cr4 = vmx_cr4();
	uint64_t efer = vmread(VMCS_GUEST_EFER);
	bool code64 = vmread(VMCS_GUEST_RIGHTS + 2ull * SEG_CS) & RIGHTS_LONG;
	bool starts = (value & CR0_PG) && !(old & CR0_PG);
	bool long_mode = (value & CR0_PG) && (efer & EFER_LME);

	value |= CR0_ET;
	if (value >> 32 || ((value & CR0_PG) && !(value & CR0_PE)) ||
	    ((value & CR0_NW) && !(value & CR0_CD)))
		return false;
	if (!(value & CR0_PG) && (efer & EFER_LMA) && code64)
		return false;
	if (starts && long_mode && (!(cr4 & CR4_PAE) || code64))
		return false;
	if ((value & CR0_PG) && !long_mode && (cr4 & CR4_PAE) && !load_pdptes(cell))
		return false;
	set_long_mode(long_mode);
	vmx_set_cr0(value);
	return true;
}

void vmx_access_control_register(struct vcpu *vcpu)
{
	struct arch_vcpu *guest = vcpu->arch;
	uint64_t qualification = vmread(VMCS_QUALIFICATION);
	uint64_t value = guest->gpr[qualification >> CR_QUAL_GPR_SHIFT & 0xf];

	/* LMSW and CLTS change bits of the guest's only, CR3 and CR8 are its own, and the one bit
	 * of CR4 that is not, VMXE, belongs to a feature that it does not have. */
	if ((qualification & (CR_QUAL_TYPE | CR_QUAL_REGISTER)) != CR_QUAL_MOV_TO ||
	    !write_guest_cr0(vcpu->cell, value))
		vcpu_inject_exception(guest, VECTOR_GP, 0);
	else
		vcpu_skip(guest, guest->instruction_length);
}
