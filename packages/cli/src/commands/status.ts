import { type Command, clientFlags } from '../command.ts'
import { connect } from '../connect.ts'
import { answer, withProgress } from '../output.ts'

export const statusCommand: Command = {
  name: 'status',
  usage: '',
  summary: 'Show how a node is doing',
  flags: clientFlags,
  arguments: [0, 0],
  async run({ flags, signal }) {
    const client = connect(flags)
    const status = await withProgress('asking', client.status(signal))
    const rows = [
      ['node', `${client.url}  ${status.status}  heddle ${status.version}`],
      ['roles', status.roles.join(', ')],
      ['address', status.address],
      ['processes', String(status.processes)],
      ['height', String(status.height)],
      ['js module', status.modules.js],
    ]
    const text = rows.map(([name = '', value]) => `${name.padEnd(10)} ${value}`).join('\n')
    answer(flags.json === true, status, text)
    return 0
  },
}
