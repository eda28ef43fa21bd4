import { type Given, idArgument } from '../command.ts'
import { connect } from '../connect.ts'
import { answer } from '../output.ts'
import { createProgressBar } from './da-progress.ts'

/**
 * `heddle verify item ID`: fetches all of an item or layer-1 transaction and checks here that it has its id,
 * its owner's signature and, of a transaction, its data root. What does not hold is refused as `item-forged`.
 */
export async function verifyKeptItem(text: string, { flags, signal }: Given): Promise<number> {
  const id = idArgument('kept item', text)
  const client = connect(flags)
  const bar = createProgressBar('checking')
  const onProgress = (done: number, size: number) => bar.show(done, size)
  try {
    const found = await client.download(id, { signal, onProgress })
    const { kind, owner, sizeBytes } = found
    let heldBytes = 0
    for await (const piece of found.data) heldBytes += piece.length
    const what = kind === 'item' ? 'id and signature' : 'id, signature and data root'
    const lines = [
      `${kind === 'item' ? 'item       ' : 'transaction'}  ${id}  signed by ${owner}`,
      `right        ${heldBytes} bytes fetched; ${what} hold`,
    ]
    answer(
      flags.json === true,
      { id, kind, owner, size: sizeBytes, verdict: 'right' },
      lines.join('\n'),
    )
  } finally {
    bar.end()
  }
  return 0
}
