import { fetchProvenance } from '@heddle/sdk'
import { type Command, clientFlags, idArgument } from '../command.ts'
import { connect } from '../connect.ts'
import { answer, withProgress } from '../output.ts'
import { drawProvenance } from '../provenance-tree.ts'

export const provenanceCommand: Command = {
  name: 'provenance',
  usage: 'ID',
  summary: 'Draw where an item came from and what came of it, signatures and links checked here',
  flags: clientFlags,
  arguments: [1, 1],
  async run({ values: [text], flags, signal }) {
    const id = idArgument('item', text)
    const provenance = await withProgress('tracing', fetchProvenance(connect(flags), id, signal))
    answer(flags.json === true, provenance, drawProvenance(provenance).join('\n'))
    const parts = [...provenance.items, ...provenance.links]
    return parts.every(({ state }) => state === 'verified') ? 0 : 1
  },
}
