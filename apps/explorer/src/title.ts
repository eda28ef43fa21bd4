import { useEffect } from 'preact/hooks'

/** Says in the tab what the page shows. */
export function useTitle(title: string): void {
  useEffect(() => {
    document.title = `${title} · Heddle`
  }, [title])
}
