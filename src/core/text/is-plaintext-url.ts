/** Whether what goes to an address can be read on the way. */

/** The first address that is neither encrypted nor this machine; nothing when there is none. */
export function plaintextEndpoint(endpoints: readonly string[]): string | undefined {
  return endpoints.find((endpoint) => {
    const { protocol, hostname } = new URL(endpoint);
    return protocol !== 'https:' && !isThisMachine(hostname);
  });
}

/** URLs have their numeric addresses in one form: `127.1` is `127.0.0.1` there. */
function isThisMachine(hostname: string): boolean {
  const name = hostname.toLowerCase().replace(/\.$/, '');
  return name === 'localhost' || name === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(name);
}
