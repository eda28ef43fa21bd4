import { type Command, clientFlags } from '../command.ts'

/** What is checked loads what it needs of a node only when it is asked for. */
export const verifyCommand: Command = {
  name: 'verify',
  usage: 'PROCESS SLOT | receipt ID',
  summary: 'Run a slot, or answer a model’s receipt, again here and compare',
  flags: {
    ...clientFlags,
    'from-checkpoint': {
      type: 'boolean',
      help: 'of a slot: begin at a state the node signed, not at slot 0',
    },
  },
  arguments: [2, 2],
  async run(given) {
    const [what, which = ''] = given.values
    if (what === 'receipt') {
      const { verifyReceipt } = await import('./verify-receipt.ts')
      return await verifyReceipt(which, given)
    }
    const { verifySlot } = await import('./verify-slot.ts')
    return await verifySlot(what, which, given)
  },
}
