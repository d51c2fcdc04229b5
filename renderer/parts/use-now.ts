import { useEffect, useState } from 'react';

/** The time, in milliseconds since the epoch, renewed every so often (milliseconds). For what counts while one looks. */
export function useNow(every: number): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    setNow(Date.now());
    const timer = setInterval(() => setNow(Date.now()), every);
    return () => clearInterval(timer);
  }, [every]);
  return now;
}
