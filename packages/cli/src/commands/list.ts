import { type Command, clientFlags, usageError } from '../command.ts'
import { connect } from '../connect.ts'
import { answer } from '../output.ts'

type ProcessRow = {
  process: string
  slots: number
  backlog: number
  stopped: string | null
}

export const listCommand: Command = {
  name: 'list',
  usage: 'processes',
  summary: 'List the processes of a node',
  flags: clientFlags,
  arguments: [1, 1],
  async run({ values: [what], flags }) {
    if (what !== 'processes') throw usageError(`heddle list ${what}: it lists processes`)
    const response = await connect(flags).transport.get('/cu/processes')
    const { processes } = (await response.json()) as { processes: ProcessRow[] }
    const rows = processes.map(({ process, slots, backlog, stopped }) => {
      const behind = backlog === 0 ? '' : `  ${backlog} waiting`
      return `${process}  ${slots} slots${behind}${stopped === null ? '' : `  ${stopped}`}`
    })
    answer(flags.json === true, { processes }, rows.join('\n') || 'none yet: heddle spawn FILE')
    return 0
  },
}
