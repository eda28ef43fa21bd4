import { encodeBase64Url, encodeText } from '@heddle/protocol/base'
import type { Item } from '@heddle/protocol/item'
import type { DriveContent, DriveSource, ItemSource } from '../ports.ts'

/** A source that knows items alone: no transactions of layer 1, no blocks. */
export function itemDriveSource(items: ItemSource): DriveSource {
  return {
    async content(id) {
      const item = await items.item(id)
      return item && itemContent(item)
    },
    block: async () => undefined,
  }
}

/** An item as a drive shows it. What it does not have (fee, data root) is empty. */
export function itemContent(item: Item): DriveContent {
  const { data } = item
  const text = (value: string) => encodeBase64Url(encodeText(value))
  return {
    header: {
      format: 2,
      id: item.id,
      last_tx: encodeBase64Url(item.anchor),
      owner: encodeBase64Url(item.owner),
      tags: item.tags.map(({ name, value }) => ({ name: text(name), value: text(value) })),
      target: encodeBase64Url(item.target),
      quantity: '0',
      data_size: String(data.length),
      data_root: '',
      reward: '0',
      signature: encodeBase64Url(item.signature),
    },
    sizeBytes: data.length,
    item,
    async *read(fromByte, toByte) {
      yield data.subarray(fromByte, toByte)
    },
  }
}
