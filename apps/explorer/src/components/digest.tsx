import { useLoad } from '../api/load.ts'
import { fetchProof } from '../api/units.ts'
import { useRoute } from '../features.ts'
import { Id } from './id.tsx'

/** The digest of all results up to a slot, as the node has signed it; on nodes that prove. */
export function Digest({ processId, slot }: { processId: string; slot: number }) {
  const isProving = useRoute('GET /cu/proof/') === true && slot >= 0
  const { value, error } = useLoad(isProving ? `${processId}/${slot}` : '', (signal) =>
    fetchProof(processId, slot, signal),
  )
  if (error !== undefined) return <span class="quiet">{error.message}</span>
  if (value === undefined) return <span class="quiet">–</span>
  return <Id id={value.resultChain} copy />
}
