import { writeFile } from 'node:fs/promises'
import { HeddleError, isId } from '@heddle/protocol/base'
import { portableCrypto } from '@heddle/protocol/crypto'
import { parseItem, verifyItem } from '@heddle/protocol/item'
import { type Command, clientFlags, textFlag, usageError } from '../command.ts'
import { connect } from '../connect.ts'
import { remark, withProgress } from '../output.ts'

export const getCommand: Command = {
  name: 'get',
  usage: 'ID',
  summary: 'Fetch an item’s data, its signature checked',
  flags: {
    ...clientFlags,
    out: { type: 'string', short: 'o', help: 'FILE to write (default: stdout)' },
  },
  arguments: [1, 1],
  async run({ values: [id = ''], flags }) {
    if (!isId(id)) throw usageError(`${id} is not an id: 43 characters of base64url`)
    const fetching = connect(flags).transport.get(`/item/${id}`)
    const response = await withProgress('fetching', fetching)
    const item = parseItem(new Uint8Array(await response.arrayBuffer()), portableCrypto)
    if (item.id !== id || !(await verifyItem(item, portableCrypto))) {
      const text = `the node's answer for ${id} is not that item: do not trust this node`
      throw new HeddleError('item-forged', 'invalid', text)
    }
    const out = textFlag(flags, 'out')
    if (out === undefined) process.stdout.write(item.data)
    else {
      await writeFile(out, item.data)
      remark(`${item.data.length} bytes  ${out}`)
    }
    return 0
  },
}
