# The shell of `slipway sandbox shell`: the user's own, but for what would lead off the laptop.
laptop_path=$PATH laptop_kubeconfig=$KUBECONFIG
[ -r ~/.bashrc ] && . ~/.bashrc
case $PATH in
  "$laptop_path"*) ;;
  *) PATH=$laptop_path:$PATH ;;
esac
export PATH KUBECONFIG=$laptop_kubeconfig
unset laptop_path laptop_kubeconfig
PS1="(sandbox laptop) ${PS1-\\$ }"
