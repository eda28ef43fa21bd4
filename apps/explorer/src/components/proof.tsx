import { useLoad } from '../api/load.ts'
import { Badge, Panel } from './panel.tsx'

/** Checks the item's signature here, in the browser: the node is not believed. */
export function Proof({ id }: { id: string }) {
  const check = useLoad(id, async (signal) => {
    const { verifyHere } = await import('../api/verify.ts')
    return verifyHere(id, signal)
  })
  return (
    <Panel title="Signature">
      <p class="pad">
        {check.error !== undefined ? (
          <>
            <Badge tone="bad">not shown</Badge> {check.error.message}
          </>
        ) : check.value === undefined ? (
          <span class="quiet">being checked in this browser …</span>
        ) : (
          <>
            <Badge tone="good">holds</Badge> {check.value.kind}, checked in this browser. The id is
            the hash of the signature.
          </>
        )}
      </p>
    </Panel>
  )
}
