import type { ComponentType, VNode } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { Failure, Loading } from './components/state.tsx'

/** A part of the page that is fetched when it is first shown. */
export function lazy<Props extends object>(
  load: () => Promise<ComponentType<Props>>,
): (props: Props) => VNode {
  let here: ComponentType<Props> | undefined
  return function Lazy(props: Props) {
    const [Part, setPart] = useState<ComponentType<Props> | undefined>(() => here)
    const [error, setError] = useState<Error>()
    useEffect(() => {
      if (here !== undefined) return
      load().then((part) => {
        here = part
        setPart(() => part)
      }, setError)
    }, [])
    if (error !== undefined) return <Failure error={error} onRetry={() => location.reload()} />
    return Part === undefined ? <Loading rows={6} /> : <Part {...props} />
  }
}
