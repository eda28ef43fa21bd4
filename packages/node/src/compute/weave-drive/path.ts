import { isId } from '@heddle/protocol/base'

/** What a path of a drive names. */
export type DrivePath =
  | { readonly kind: 'data' | 'tx' | 'tx2'; readonly id: string }
  | { readonly kind: 'block'; readonly height: number }

/** `/data/ID`, `/tx/ID`, `/tx2/ID` or `/block/HEIGHT`; undefined for all else, which is no file. */
export function parseDrivePath(path: string): DrivePath | undefined {
  const [, kind, name, ...more] = path.length <= 64 ? path.split('/') : []
  if (name === undefined || more.length > 0 || !path.startsWith('/')) return undefined
  switch (kind) {
    case 'data':
    case 'tx':
    case 'tx2':
      return isId(name) ? { kind, id: name } : undefined
    case 'block':
      return /^(0|[1-9]\d{0,14})$/.test(name) ? { kind, height: Number(name) } : undefined
    default:
      return undefined
  }
}
