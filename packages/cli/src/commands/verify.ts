import { type Command, clientFlags } from '../command.ts'

/** What is checked loads what it needs of a node only when it is asked for. */
export const verifyCommand: Command = {
  name: 'verify',
  usage: 'PROCESS SLOT | receipt ID | training PROCESS | item ID',
  summary:
    'Run a slot, a model’s answer or steps of a training again here and compare; check what is kept',
  flags: {
    ...clientFlags,
    'from-checkpoint': {
      type: 'boolean',
      help: 'of a slot: begin at a state the node signed, not at slot 0',
    },
    'from-step': { type: 'string', help: 'of a training: STEP of the checkpoint to begin at (0)' },
    all: { type: 'boolean', help: 'of a training: all intervals between its checkpoints' },
  },
  arguments: [2, 2],
  async run(given) {
    const [what, which = ''] = given.values
    if (what === 'receipt') {
      const { verifyReceipt } = await import('./verify-receipt.ts')
      return await verifyReceipt(which, given)
    }
    if (what === 'training') {
      const { verifyTraining } = await import('./verify-training.ts')
      return await verifyTraining(which, given)
    }
    if (what === 'item') {
      const { verifyKeptItem } = await import('./verify-item.ts')
      return await verifyKeptItem(which, given)
    }
    const { verifySlot } = await import('./verify-slot.ts')
    return await verifySlot(what, which, given)
  },
}
