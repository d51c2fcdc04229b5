@"%~dp0..\node\node.exe" "%~dp0cli\slipway.mjs" %*
