import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Scanner;
import java.util.StringJoiner;

/** Looks names up as Java does: see ask.go. It knows A. */
public class Ask {
  public static void main(String[] arguments) {
    Scanner lines = new Scanner(System.in);
    while (lines.hasNextLine()) {
      String[] words = lines.nextLine().split(" ");
      StringJoiner found = new StringJoiner(",");
      try {
        for (InetAddress address : InetAddress.getAllByName(words[1])) {
          if (address instanceof Inet4Address) found.add(address.getHostAddress());
        }
      } catch (UnknownHostException error) {
        if (String.valueOf(error.getMessage()).contains("Temporary failure")) found.add("failed: " + error.getMessage());
      }
      System.out.println(words[0] + "\t" + words[1] + "\t" + found);
    }
  }
}
