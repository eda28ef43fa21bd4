import { shortId } from '../format.ts'
import { Link } from '../router.tsx'
import { CopyButton } from './copy.tsx'

type IdProps = {
  readonly id: string
  readonly to?: string
  readonly name?: string | null | undefined
  /** Shows all of it, breaking lines where needed. */
  readonly whole?: boolean
  readonly copy?: boolean
}

/** An id, short unless told, that can be followed and copied. */
export function Id({ id, to, name, whole = false, copy = whole }: IdProps) {
  const shown = whole ? id : shortId(id)
  const text = name ? (
    <>
      <span class="id-name">{name}</span>
      <span class="quiet"> {shown}</span>
    </>
  ) : (
    shown
  )
  return (
    <span class={whole ? 'id id-whole' : 'id'} title={id}>
      {to === undefined ? <span>{text}</span> : <Link to={to}>{text}</Link>}
      {copy && <CopyButton text={id} what="id" />}
    </span>
  )
}
