import { encodeBase64Url } from '@heddle/protocol/base'
import { portableCrypto } from '@heddle/protocol/crypto'
import { createWalletFile } from '@heddle/sdk/node'
import type { Command } from '../command.ts'
import { answer } from '../output.ts'

export const keygenCommand: Command = {
  name: 'keygen',
  usage: 'FILE',
  summary: 'Make a wallet (Ed25519) in a new file',
  flags: { json: { type: 'boolean', help: 'machine output on stdout' } },
  arguments: [1, 1],
  async run({ values: [file = ''], flags }) {
    const { owner } = await createWalletFile(file)
    const address = encodeBase64Url(portableCrypto.sha256(owner))
    answer(flags.json === true, { file, address }, `wallet   ${file}\naddress  ${address}`)
    return 0
  },
}
