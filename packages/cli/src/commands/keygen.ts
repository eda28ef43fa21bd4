import { portableCrypto } from '@heddle/protocol/crypto'
import { ownerAddress } from '@heddle/protocol/item'
import { createWalletFile } from '@heddle/sdk'
import { type Command, jsonFlag } from '../command.ts'
import { answer } from '../output.ts'

export const keygenCommand: Command = {
  name: 'keygen',
  usage: 'FILE',
  summary: 'Make a wallet (Ed25519) in a new file',
  flags: jsonFlag,
  arguments: [1, 1],
  async run({ values: [file = ''], flags }) {
    const address = ownerAddress(await createWalletFile(file), portableCrypto)
    answer(flags.json === true, { file, address }, `wallet   ${file}\naddress  ${address}`)
    return 0
  },
}
