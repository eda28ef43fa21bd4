import { useFeature } from '../features.ts'
import { paths } from '../paths.ts'
import { Link } from '../router.tsx'

/** Leads to where an item came from, on nodes that know. */
export function ProvenanceLink({ id }: { id: string }) {
  if (useFeature('provenance') !== true) return null
  return (
    <Link class="button" to={paths.provenance(id)}>
      Where it came from
    </Link>
  )
}
