import { encodeBase64Url, encodeText } from '@heddle/protocol/base'
import type { Item } from '@heddle/protocol/item'
import { nodeCrypto } from '../../../runtime/index.ts'
import type { DriveBlock, DriveContent, DriveSource } from '../../ports.ts'
import { itemContent } from '../item-source.ts'

export const driveTag = { Extension: 'WeaveDrive' }

/** A store in memory: gives only what it was told to hold. */
export class HeldFiles implements DriveSource {
  readonly #items: Map<string, Item>
  readonly #blocks: Map<string, DriveBlock>

  constructor(items = new Map<string, Item>(), blocks = new Map<string, DriveBlock>()) {
    this.#items = items
    this.#blocks = blocks
  }

  copy(): HeldFiles {
    return new HeldFiles(new Map(this.#items), new Map(this.#blocks))
  }

  hold(item: Item): void {
    this.#items.set(item.id, item)
  }

  addBlock(height: number): DriveBlock {
    const indep_hash = encodeBase64Url(nodeCrypto.sha256(encodeText(`block ${height}`)))
    const block = { indep_hash, height }
    this.#blocks.set(indep_hash, block)
    return block
  }

  async block(id: string): Promise<DriveBlock | undefined> {
    return this.#blocks.get(id)
  }

  async content(id: string): Promise<DriveContent | undefined> {
    const item = this.#items.get(id)
    return item && itemContent(item)
  }
}
