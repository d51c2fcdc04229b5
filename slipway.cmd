@rem The command slipway of a clone: it runs what lies beside it and nothing else.
@node "%~dp0app\hosts\cli\slipway.mjs" %*
