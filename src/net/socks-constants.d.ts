/** A part of the package socks that its own types leave out. */
declare module 'socks/build/common/constants.js' {
  /** The beginnings of the messages of its failures. */
  export const ERRORS: Readonly<
    Record<
      | 'InvalidSocks5InitialHandshakeNoAcceptedAuthType'
      | 'InvalidSocks5InitialHandshakeUnknownAuthType'
      | 'Socks5AuthenticationFailed'
      | 'InvalidSocks5FinalHandshakeRejected'
      | 'Socks4ProxyRejectedConnection',
      string
    >
  >;
}
