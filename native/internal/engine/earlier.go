package engine

import "slipway/native/internal/packet"

// askEarlier asks the laptop's connections that are older than this engine what they have. Their engine was killed, this
// one has its addresses, and programs that only wait would never learn that nobody has the far end any more: the
// answer is a segment of a connection that the terminator does not know, which it resets. To new connections the
// question changes nothing.
func (connection *connection) askEarlier() {
	if connection.config.Kernel == nil {
		return
	}
	connections, err := connection.config.Kernel.Connections()
	if err != nil {
		connection.config.Log.Warn("connections of an engine before this one are not looked for", "error", err)
		return
	}
	if asked := connection.path.ask(connections); asked > 0 {
		connection.config.Log.Info("connections of an engine before this one are ended", "connections", asked)
	}
}

// ask sends the question to those of the connections that go through the tunnel, and returns how many they are.
func (path *path) ask(connections []packet.Flow) (asked int) {
	for _, one := range connections {
		if path.laptop.Has(one.Source) && path.gate.MayReach(one.Destination) {
			path.toLaptop(packet.SynchronizeAgain(one.Reversed()))
			asked++
		}
	}
	return asked
}
